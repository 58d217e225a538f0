"""Programs that copy archives, and libraries that parse them, take ours for one."""

import gzip
import lzma
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard
from debian import deb822

from mini_buildd.archive import chunks
from mini_buildd.deb.names import Architecture
from mini_buildd.keys import gpg
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.tests.archive import assortment
from mini_buildd.tests.archive.assortment import FORMS
from mini_buildd.tests.archive.repository import Repository
from mini_buildd.tests.daemon.server import serving
from mini_buildd.tests.scenario import host_architecture

# zstd alone is for apt only: these programs do not know it.
_SHAPES = (FORMS, ("gz",), ("xz",))
_PACKAGES = ["tiny-dbgsym_2.0_all.deb", "tiny-udeb_1.0_all.udeb", "tiny_1.0_all.deb"]
_PACKAGES += ["tiny_2.0_all.deb"]
_SOURCES = [f"tiny_{version}.{end}" for version in ("1.0", "2.0") for end in ("dsc", "tar.xz")]


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, keys: ArchiveKeys
) -> Iterator[list[Repository]]:
    """One repository for each of _SHAPES, with a few packages in a few chunks each."""
    home = tmp_path_factory.mktemp("served")
    made = []
    with pytest.MonkeyPatch.context() as patch, serving(home) as server:
        patch.setattr(chunks, "TARGET_BYTES", 300)
        for forms in _SHAPES:
            name = "-".join(forms)
            repository = Repository(home / name, keys, Architecture(host_architecture()))
            repository.root = home / "archive" / name
            repository.url = f"http://127.0.0.1:{server.port}/archive/{name}"
            repository.shape = assortment.shape(repository.url, forms)
            assortment.fill(repository, others=0)
            repository.publish(1)
            made.append(repository)
        yield made


@pytest.fixture(params=range(len(_SHAPES)), ids=["-".join(forms) for forms in _SHAPES])
def repository(request: pytest.FixtureRequest, served: list[Repository]) -> Repository:
    number: int = request.param
    return served[number]


def _run(home: Path, *command: str) -> str:
    """What *command* says, with *home* as its home; raises AssertionError when it fails."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=home, env=environment
    )
    if done.returncode:
        raise AssertionError(f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout + done.stderr


@pytest.fixture
def keyring(repository: Repository, tmp_path: Path) -> str:
    """The published key as gpgv and its friends want it."""
    armored, ring = repository.tree.root / "archive-key.asc", tmp_path / "archive.gpg"
    _run(tmp_path, "gpg", "--batch", "--output", str(ring), "--dearmor", str(armored))
    return str(ring)


def test_gpgv_takes_both_signatures(repository: Repository, keyring: str, tmp_path: Path) -> None:
    files = [str(repository.dists / name) for name in ("Release.gpg", "Release")]
    for given in ([str(repository.dists / "InRelease")], files):
        said = _run(tmp_path, "gpgv", "--keyring", keyring, *given)
        assert 'Good signature from "depot archive' in said


def test_aptly_mirrors_it(repository: Repository, keyring: str, tmp_path: Path) -> None:
    configuration = tmp_path / "aptly.conf"
    configuration.write_text(f'{{"rootDir": "{tmp_path}/aptly", "gpgProvider": "gpg"}}')
    (tmp_path / ".gnupg").mkdir(mode=0o700)
    aptly = ["aptly", f"-config={configuration}"]
    verified = [*aptly, f"-keyring={keyring}"]
    kinds = ["-with-sources", "-with-udebs", f"-architectures={repository.architecture}"]
    mirrored = repository.url + "/", str(repository.name)
    parts = {"all": ("main", "contrib"), "symbols": ("main/debug",)}
    shown = ""
    for name, components in parts.items():
        options = kinds if name == "all" else kinds[2:]
        _run(tmp_path, *verified, *options, "mirror", "create", name, *mirrored, *components)
        _run(tmp_path, *verified, "mirror", "update", name)
        shown += _run(tmp_path, *aptly, "mirror", "show", "-with-packages", name)
    listed = shown.split()
    assert {each for each in listed if each.startswith("tiny")} == {
        *("tiny_1.0_all", "tiny_2.0_all", "tiny_1.0_source", "tiny_2.0_source"),
        *("tiny-udeb_1.0_all", "tiny-dbgsym_2.0_all"),
    }
    kept = [path.name for path in (tmp_path / "aptly" / "pool").rglob("*") if path.is_file()]
    assert sorted(name.partition("_")[2] for name in kept) == sorted([*_PACKAGES, *_SOURCES])


def test_debmirror_mirrors_it(repository: Repository, keyring: str, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    _, _, host, root = repository.url.split("/", 3)
    sections = "main,main/debian-installer,main/debug,contrib"
    said = _run(
        tmp_path,
        *("debmirror", "--method=http", f"--host={host}", f"--root={root}", "--source", "--i18n"),
        *(f"--dist={repository.name}", f"--section={sections}", f"--keyring={keyring}"),
        *(f"--arch={repository.architecture}", "--getcontents", "--rsync-extra=none"),
        str(mirror),
    )
    assert "failed" not in said
    pool = [path for path in (mirror / "pool").rglob("*") if path.is_file()]
    assert sorted(path.name for path in pool) == sorted([*_PACKAGES, *_SOURCES])
    for path in pool:
        assert path.read_bytes() == (repository.tree.root / path.relative_to(mirror)).read_bytes()
    form = ".xz" if "xz" in repository.shape["forms"] else ".gz"
    for name in ("main/source/Sources", f"main/binary-{repository.architecture}/Packages"):
        copied = mirror / "dists" / str(repository.name) / f"{name}{form}"
        assert copied.read_bytes() == (repository.dists / f"{name}{form}").read_bytes()


def test_reprepro_updates_from_it(repository: Repository, tmp_path: Path) -> None:
    """It has one version of a package in a suite, the newest, and no part of a component."""
    (tmp_path / ".gnupg").mkdir(mode=0o700)
    key = str(repository.tree.root / "archive-key.asc")
    _run(tmp_path, "gpg", "--batch", "--import", key)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "distributions").write_text(
        f"Codename: copy\nArchitectures: {repository.architecture} source\nComponents: main\n"
        "UDebComponents: main\nUpdate: theirs\n"
    )
    (tmp_path / "conf" / "updates").write_text(
        f"Name: theirs\nMethod: {repository.url}\nSuite: {repository.name}\nComponents: main\n"
        f"UDebComponents: main\nVerifyRelease: {repository.signer.fingerprints[0][-16:]}\n"
    )
    try:
        _run(tmp_path, "reprepro", "update")
        form = "${package}=${version}\n"
        listed = _run(tmp_path, "reprepro", "--list-format", form, "list", "copy")
    finally:
        gpg.stop_agent(tmp_path / ".gnupg")  # which reprepro has started
    assert set(listed.split()) == {"tiny=2.0", "tiny-udeb=1.0"}


_OPENED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.decompress,
    "xz": lzma.decompress,
    "zst": lambda data: (
        zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()
    ),
}


def test_python_debian_parses_every_index_in_every_form(repository: Repository) -> None:
    release = deb822.Release((repository.dists / "Release").read_bytes())
    assert release["Suite"] == str(repository.name)
    names: dict[str, list[str]] = {}
    for entry in release["SHA256"]:
        path, _, form = entry["name"].rpartition(".")
        if form not in _OPENED or "/Contents-" in path:
            continue
        text = _OPENED[form]((repository.dists / entry["name"]).read_bytes())
        kind = deb822.Sources if path.endswith("Sources") else deb822.Packages
        found = [
            f"{each['Package']}={each.get('Version', '')}"
            for each in kind.iter_paragraphs(text, use_apt_pkg=False)
        ]
        assert names.setdefault(path, found) == found
    assert {path: found for path, found in names.items() if found} == {
        f"main/binary-{repository.architecture}/Packages": ["tiny=1.0", "tiny=2.0"],
        f"main/debug/binary-{repository.architecture}/Packages": ["tiny-dbgsym=2.0"],
        f"main/debian-installer/binary-{repository.architecture}/Packages": ["tiny-udeb=1.0"],
        "main/i18n/Translation-en": ["tiny=", "tiny-dbgsym=", "tiny-udeb="],
        "main/source/Sources": ["tiny=1.0", "tiny=2.0"],
    }
