"""The package lists of the base, by the real apt out of a small signed archive."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mini_buildd.deb.names import Architecture
from mini_buildd.domain.problem import CheckImpossible
from mini_buildd.flow.base_lists import base_packages
from mini_buildd.keys import gpg
from mini_buildd.keys.archive_keys import ArchiveKeys, ensure_archive_keys
from mini_buildd.tests.archive.repository import Repository
from mini_buildd.tests.flow.base_archive import BaseArchive, paragraph
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.threads import at_once

_AMD64 = Architecture("amd64")


@pytest.fixture(scope="module")
def keys(short_folder: Path) -> Iterator[ArchiveKeys]:
    home = Path(tempfile.mkdtemp(dir=short_folder))
    yield ensure_archive_keys(home, "base")
    gpg.stop_agent(home)


@pytest.fixture
def archive(scene: Scene, keys: ArchiveKeys, tmp_path: Path) -> BaseArchive:
    return _archive(scene, keys, tmp_path)


def _archive(scene: Scene, keys: ArchiveKeys, folder: Path) -> BaseArchive:
    made = BaseArchive(Repository(folder / "base", keys), scene)
    made.publish(paragraph("tiny"))
    made.configure()
    return made


def _packages(archive: BaseArchive, architecture: Architecture = _AMD64) -> list[str]:
    """Name and version of all that the lists have."""
    (path,) = base_packages(archive.scene.site, archive.base, architecture)
    lines = path.read_text(encoding="utf-8").splitlines()
    values = [line.partition(": ")[2] for line in lines if line.startswith(("Package", "Version"))]
    return [" ".join(pair) for pair in zip(values[::2], values[1::2], strict=True)]


def _let_pass(archive: BaseArchive, **time: float) -> None:
    archive.scene.clock.now += timedelta(**time)


def test_lists_are_brought_up_to_date_after_a_day(archive: BaseArchive) -> None:
    assert _packages(archive) == ["tiny 1.0"]
    archive.publish(paragraph("tiny", version="2.0"), paragraph("tiny-more"))
    assert _packages(archive) == ["tiny 1.0"]
    _let_pass(archive, hours=25)
    assert _packages(archive) == ["tiny 2.0", "tiny-more 1.0"]


def test_older_lists_are_used_while_the_mirror_is_down(
    archive: BaseArchive, caplog: pytest.LogCaptureFixture
) -> None:
    _packages(archive)
    archive.publish(paragraph("tiny", version="2.0"))
    hidden = archive.hide()
    _let_pass(archive, hours=25)
    assert _packages(archive) == ["tiny 1.0"]
    assert "lists of Debian trixie, 25 hours old, are used again: " in caplog.text
    hidden.rename(archive.root)
    assert _packages(archive) == ["tiny 1.0"], "it is not asked again at once"
    _let_pass(archive, minutes=11)
    assert _packages(archive) == ["tiny 2.0"]
    assert len(caplog.records) == 1


def test_without_any_list_the_check_is_impossible(archive: BaseArchive) -> None:
    hidden = archive.hide()
    with pytest.raises(CheckImpossible) as problem:
        _packages(archive)
    assert "the package lists of Debian trixie for amd64" in problem.value.expected
    assert "file:" in problem.value.found
    hidden.rename(archive.root)
    assert _packages(archive) == ["tiny 1.0"]


def test_an_architecture_that_the_archive_does_not_have_has_no_lists(archive: BaseArchive) -> None:
    with pytest.raises(CheckImpossible):
        _packages(archive, Architecture("arm64"))


def test_what_another_key_has_signed_is_refused(
    archive: BaseArchive, scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = scene.home / "stranger.asc"
    stranger.write_bytes(scene.packager.public_key().read_bytes())
    archive.configure(keyring=str(stranger))
    with pytest.raises(CheckImpossible, match=r"NO_PUBKEY|Missing key|not signed"):
        _packages(archive)
    archive.configure()
    assert _packages(archive) == ["tiny 1.0"]
    (archive.root / "archive-key.asc").write_bytes(stranger.read_bytes())
    _let_pass(archive, hours=25)
    assert _packages(archive) == ["tiny 1.0"]
    assert caplog.records


def test_what_somebody_changed_on_the_way_is_refused(archive: BaseArchive) -> None:
    blobs = archive.repository.tree.blobs(archive.repository.name)
    whole = {path: path.read_bytes() for path in blobs.iterdir()}
    for path in whole:
        path.write_bytes(b"Package: evil\nVersion: 1\nArchitecture: amd64\n")
    with pytest.raises(CheckImpossible):
        _packages(archive)
    for path, data in whole.items():
        path.write_bytes(data)
    release = archive.repository.dists / "InRelease"
    text = release.read_bytes()
    _replace(release, text.replace(b"Origin: depot", b"Origin: d3pot"))
    with pytest.raises(CheckImpossible):
        _packages(archive)
    _replace(release, text)
    assert _packages(archive) == ["tiny 1.0"]


def _replace(path: Path, data: bytes) -> None:
    path.unlink()  # it is a link to what others share
    path.write_bytes(data)


def test_the_machines_apt_can_neither_allow_unsigned_archives_nor_add_hooks(
    archive: BaseArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked = tmp_path / "hooked"
    configuration = tmp_path / "host.conf"
    configuration.write_text(
        f'APT::Update::Post-Invoke {{ "touch {hooked}"; }};\n'
        'Acquire::AllowInsecureRepositories "true";\nAPT::Architectures { "i386"; "amd64"; };\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(configuration))
    for name in ("InRelease", "Release.gpg"):
        (archive.repository.dists / name).unlink()
    with pytest.raises(CheckImpossible, match="is not signed"):
        _packages(archive)
    archive.publish(paragraph("tiny"))
    assert _packages(archive) == ["tiny 1.0"]
    assert not hooked.exists()


def test_the_lists_of_other_sources_are_not_taken(archive: BaseArchive) -> None:
    assert _packages(archive) == ["tiny 1.0"]
    archive.configure(url="file:/nonexistent")
    with pytest.raises(CheckImpossible):
        _packages(archive)
    archive.configure()
    assert _packages(archive) == ["tiny 1.0"]


def test_an_update_that_was_killed_is_done_again(archive: BaseArchive) -> None:
    folder = archive.scene.site.places.base_lists / "trixie-amd64"
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "making").write_text("Package: half", encoding="utf-8")
    (folder / "lists" / "lock").touch()
    assert _packages(archive) == ["tiny 1.0"]
    assert not (folder / "making").exists()


def test_of_some_at_once_one_downloads_and_all_get_whole_lists(
    real: Scene, keys: ArchiveKeys, tmp_path: Path
) -> None:
    archive = _archive(real, keys, tmp_path)
    found: list[list[str]] = []
    files: set[int] = set()

    def look() -> None:
        (path,) = base_packages(real.site, archive.base, _AMD64)
        files.add(path.stat().st_ino)
        found.append(_packages(archive))

    assert at_once(look, look, look) == []
    assert found == [["tiny 1.0"]] * 3
    assert len(files) == 1
