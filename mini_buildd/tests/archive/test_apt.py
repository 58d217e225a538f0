"""The real apt reads what we publish, over file:, with our snippet and nothing else."""

from pathlib import Path

import pytest

from mini_buildd.archive.publish import prune
from mini_buildd.deb.names import Architecture
from mini_buildd.keys import gpg
from mini_buildd.keys.archive_keys import ensure_archive_keys, retire, rotate
from mini_buildd.kit.atomic import point
from mini_buildd.tests.archive.apt import Apt
from mini_buildd.tests.archive.repository import Repository
from mini_buildd.tests.scenario import cache_folder, host_architecture, host_codename
from mini_buildd.tests.throwaway import ThrowawayRoot


@pytest.fixture
def repository(repository: Repository) -> Repository:
    repository.architecture = Architecture(host_architecture())
    return repository


@pytest.fixture
def apt(repository: Repository) -> Apt:
    repository.add("tiny")
    repository.add("tiny-more")
    repository.add_source("tiny")
    repository.publish(1)
    snippet = (repository.tree.root / f"{repository.name}.sources").read_bytes()
    made = Apt(repository.folder / "apt", snippet)
    made.prepare()
    made.run("apt-get", "update")
    return made


def test_apt_finds_packages_and_downloads_what_it_verifies(
    apt: Apt, repository: Repository
) -> None:
    assert "Candidate: 1.0" in apt.run("apt-cache", "policy", "tiny")
    apt.run("apt-get", "download", "tiny")
    (deb,) = apt.folder.glob("tiny_1.0_all.deb")
    assert deb.read_bytes() == (repository.tree.root / "pool/main/t/tiny" / deb.name).read_bytes()
    shown = apt.run("apt-cache", "show", "tiny")
    assert "Description: tiny\n one\n .\n two\n" in shown
    assert "Filename: pool/main/t/tiny/tiny_1.0_all.deb\n" in shown


def test_apt_fetches_the_source(apt: Apt) -> None:
    apt.run("apt-get", "source", "--download-only", "--only-source", "tiny")
    assert {path.name for path in apt.folder.glob("tiny_1.0.*")} == {
        *("tiny_1.0.dsc", "tiny_1.0.tar.xz"),
    }


def test_apt_is_told_not_to_install_by_itself_but_to_upgrade(apt: Apt) -> None:
    policy = apt.run("apt-cache", "policy")
    assert " 100 file:" in policy
    assert "o=depot,a=trixie-test-unstable,n=trixie-test-unstable,l=depot test,c=main" in policy


def test_apt_sees_the_next_version_of_the_suite(apt: Apt, repository: Repository) -> None:
    for number in range(2, 7):
        repository.add("tiny", f"{number}.0")
        repository.publish(number)
        prune(repository.tree, repository.name, ())
        apt.run("apt-get", "update")
        assert f"Candidate: {number}.0" in apt.run("apt-cache", "policy", "tiny")


def test_apt_refuses_an_archive_that_somebody_changed(apt: Apt, repository: Repository) -> None:
    for name in ("InRelease", "main/source/Sources.xz"):
        (repository.dists / name).unlink()
        (repository.dists / name).write_bytes(b"Origin: evil\n")
    for path in repository.tree.blobs(repository.name).iterdir():
        path.write_bytes(b"Package: evil\n")
    with pytest.raises(AssertionError):
        apt.run("apt-get", "update")


def test_apt_that_knows_one_of_the_keys_goes_on_throughout_a_rotation(
    repository: Repository, tmp_path: Path
) -> None:
    home = tmp_path / "g"
    home.mkdir(mode=0o700)
    repository.keys = keys = ensure_archive_keys(home, "depot")
    clients: list[Apt] = []

    def publish(number: int, *, fails: int = 0) -> None:
        repository.publish(number)
        snippet = (repository.tree.root / f"{repository.name}.sources").read_bytes()
        clients.append(Apt(tmp_path / f"apt{number}", snippet))
        clients[-1].prepare()
        for apt in clients[:fails]:
            with pytest.raises(AssertionError, match=r"NO_PUBKEY|Missing key"):
                apt.run("apt-get", "update")
        for apt in clients[fails:]:
            apt.run("apt-get", "update")

    try:
        publish(1)
        (old,) = keys.fingerprints()
        rotate(home, "depot")
        publish(2)
        of_both = repository.dists.resolve()
        retire(home, old)
        publish(3, fails=1)
        point(repository.dists, str(of_both))
        for apt in clients:
            apt.run("apt-get", "update")
    finally:
        gpg.stop_agent(home)


@pytest.mark.whole
def test_a_clean_debian_installs_a_package(repository: Repository, tmp_path: Path) -> None:
    codename, architecture = host_codename(), host_architecture()
    tarball = cache_folder() / "chroots" / f"{codename}-{architecture}.tar.zst"
    if not tarball.exists():
        pytest.skip("no chroot was made here yet")
    repository.add("tiny")
    repository.publish(1)
    root = repository.tree.root
    snippet = (root / f"{repository.name}.sources").read_bytes()
    with ThrowawayRoot(tarball, tmp_path / "scratch", binds={str(root): root}) as debian:
        debian.run("sh", "-c", "rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*")
        debian.write("/etc/apt/sources.list.d/here.sources", snippet)
        debian.run("apt-get", "--error-on=any", "update")
        debian.run("apt-get", "install", "--yes", f"tiny/{repository.name}")
        assert debian.read("/usr/share/tiny/version") == b"1.0\n"
