"""The keyring package as Debian's own tools build and use it."""

import io
import subprocess
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mini_buildd.deb.names import Architecture, Component, SourceName
from mini_buildd.deb.version import Version
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.keys import gpg
from mini_buildd.keys.archive_keys import ArchiveKeys, ensure_archive_keys, rotate
from mini_buildd.tests.archive.repository import Repository
from mini_buildd.tests.scenario import cache_folder, host_architecture, host_codename
from mini_buildd.tests.throwaway import ThrowawayRoot
from mini_buildd.tools.keyring_package import (
    ArchiveSource,
    KeyringPackage,
    dearmor,
    digest_in,
)

NAME = SourceName("depot-archive-keyring")
VERSION = Version("2026.11.20~test13+1")
DATE = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveKeys]:
    home = tmp_path_factory.mktemp("k") / "g"
    home.mkdir(mode=0o700)
    made = ensure_archive_keys(home, "depot")
    rotate(home, "depot")
    yield made
    gpg.stop_agent(home)


def package(keys: ArchiveKeys, *distributions: str, url: str = "http://x/test") -> KeyringPackage:
    """The package for *distributions*."""
    main = (Component("main"),)
    return KeyringPackage(
        name=NAME,
        identity="depot",
        maintainer="depot archive <depot@archive.invalid>",
        fingerprints=keys.fingerprints(),
        armored=keys.public_key(),
        sources=tuple(ArchiveSource(url, name, main) for name in distributions),
    )


def test_the_key_is_the_one_that_gnupg_would_write(keys: ArchiveKeys) -> None:
    command = ["gpg", "--homedir", str(keys.home), "--export", *keys.fingerprints()]
    told = subprocess.run(command, check=True, capture_output=True)
    assert dearmor(keys.public_key()) == told.stdout


def test_the_same_is_made_of_the_same_and_its_changelog_says_of_what(keys: ArchiveKeys) -> None:
    one = package(keys, "trixie-test-unstable")
    tree = one.tree(VERSION, "trixie-test-unstable", DATE)
    assert tree == package(keys, "trixie-test-unstable").tree(VERSION, "trixie-test-unstable", DATE)
    assert digest_in(tree["debian/changelog"].decode()) == one.digest
    assert package(keys, "trixie-test-stable").digest != one.digest
    assert digest_in("no digest") is None


@pytest.mark.whole
def test_a_clean_debian_builds_and_installs_it_and_believes_the_archive(
    keys: ArchiveKeys, tmp_path: Path
) -> None:
    tarball = cache_folder() / "chroots" / f"{host_codename()}-{host_architecture()}.tar.zst"
    if not tarball.exists():
        pytest.skip("no chroot was made here yet")
    repository = Repository(tmp_path, keys, Architecture(host_architecture()))
    repository.name = DistributionName.parse("trixie-test-unstable")
    repository.add("tiny")
    repository.publish(1)
    root = repository.tree.root
    made = package(keys, str(repository.name), url=f"file:{root}")
    with ThrowawayRoot(tarball, tmp_path / "scratch", binds={str(root): root}) as debian:
        debian.write("/build/tree.tar", _tar(made))
        debian.run(
            "sh", "-ec", "mkdir -p /build/made/tree; tar -xf /build/tree.tar -C /build/made/tree"
        )
        debian.run("sh", "-ec", "apt-get -qq update; apt-get -qq install --yes debhelper")
        debian.run("sh", "-ec", "cd /build/made/tree; dpkg-buildpackage -us -uc")
        deb = f"/build/made/{NAME}_{VERSION}_all.deb"
        debian.run("dpkg", "-i", deb)
        listed = debian.run("dpkg", "-L", NAME).stdout.split()
        sources = f"/usr/share/{NAME}/sources/{repository.name}.sources"
        assert {f"/usr/share/keyrings/{NAME}.gpg", sources} <= set(listed)
        assert f"/usr/share/doc/{NAME}/README.Debian" in listed
        debian.run("sh", "-c", "rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*")
        debian.run("ln", "-s", sources, "/etc/apt/sources.list.d/")
        debian.run("apt-get", "--error-on=any", "update")
        debian.run("apt-get", "install", "--yes", f"tiny/{repository.name}")
        assert debian.read("/usr/share/tiny/version") == b"1.0\n"


def _tar(made: KeyringPackage) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path, data in made.tree(VERSION, "trixie-test-unstable", DATE).items():
            entry = tarfile.TarInfo(path)
            entry.mtime = DATE.timestamp()
            entry.size, entry.mode = len(data), 0o755 if path == "debian/rules" else 0o644
            tar.addfile(entry, io.BytesIO(data))
    return stream.getvalue()
