"""Folders that are watched: whole uploads come in, for the suites that each folder stands for."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mini_buildd.config.settings import Watch
from mini_buildd.db import models
from mini_buildd.deb.names import PlainFilename
from mini_buildd.flow import sweep
from mini_buildd.flow.watched import WatchedFolder
from mini_buildd.incoming.spool import Spool
from mini_buildd.tests.flow.package import Files, SourcePackage
from mini_buildd.tests.flow.scene import Scene

_CHANGES = "hello_1.0-1~test13+1_source.changes"
_ORIG = "hello_1.0.orig.tar.gz"


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def _put(folder: Path, files: Files) -> None:
    for name, data in files.items():
        (folder / name).write_bytes(data)


def _look(scene: Scene, watched: WatchedFolder, times: int = 3) -> None:
    """Look as often as it takes to take, to bring, and to put aside."""
    for _ in range(times):
        watched.look(scene.site)
        sweep.take_in(scene.site, lambda _: False)


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()} if folder.exists() else set()


def _files(scene: Scene, **differences: str) -> Files:
    package = SourcePackage()
    for name, value in differences.items():
        setattr(package, name, value)
    return package.upload(scene.packager)


def test_a_whole_upload_is_taken_in_and_its_files_are_kept_in_done(
    scene: Scene, drop: Path
) -> None:
    files = _files(scene)
    _put(drop, files)
    _look(scene, WatchedFolder(Watch(str(drop))))
    upload = models.Upload.objects.get()
    assert (upload.state, upload.signed_distribution) == ("accepted", "")
    assert _names(drop) == set()
    assert _names(drop / "done") == set(files)
    assert list((drop / ".taken").iterdir()) == []


def test_each_folder_has_its_own_idea_of_what_a_distribution_stands_for(
    scene: Scene, drop: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    folders = [
        WatchedFolder(Watch(str(drop), {"sid": "trixie-test-unstable"}, keep=False)),
        WatchedFolder(Watch(str(tmp_path / "other"), {"sid": "trixie-test-experimental"})),
    ]
    _put(drop, _files(scene, distribution="sid"))
    experimental = {"version": "1.1-1~test13+0", "distribution": "sid"}
    _put(tmp_path / "other", _files(scene, **experimental))
    for folder in folders:
        _look(scene, folder)
    told = models.Upload.objects.order_by("id").values_list(
        "state", "distribution__name", "distribution_name", "signed_distribution"
    )
    assert list(told) == [
        ("accepted", "trixie-test-unstable", "trixie-test-unstable", "sid"),
        ("accepted", "trixie-test-experimental", "trixie-test-experimental", "sid"),
    ]
    arrived = models.Event.objects.filter(kind="upload.arrived").order_by("id").first()
    assert arrived is not None
    assert arrived.detail == "signed for sid, dropped for trixie-test-unstable"
    assert not (drop / "done").exists(), "they are deleted where nobody wants to keep them"


def test_the_rules_of_the_suite_that_is_meant_are_asked_and_the_folder_says_why(
    scene: Scene, drop: Path
) -> None:
    files = _files(scene, distribution="sid", version="1.0-1")
    _put(drop, files)
    _look(scene, WatchedFolder(Watch(str(drop), {"sid": "trixie-test-unstable"})))
    assert models.Upload.objects.get().problem_code == "version-against-rule"
    why = "hello_1.0-1_source.changes.why"
    assert _names(drop / "rejected") == {*files, why}
    assert "~test13+" in (drop / "rejected" / why).read_text()


def test_what_nobody_has_signed_is_taken_where_that_is_an_open_repository(
    scene: Scene, drop: Path
) -> None:
    watched = WatchedFolder(Watch(str(drop), {"sid": "trixie-test-unstable"}))
    package = SourcePackage(distribution="sid")
    files = _files(scene, distribution="sid")
    name = f"{package.stem}_source.changes"
    for is_open in (False, True):
        models.Repository.objects.update(is_open=is_open)
        _put(drop, {**files, name: package.changes().encode()})
        _look(scene, watched)
    told = models.Upload.objects.order_by("id").values_list("state", "problem_code")
    assert list(told) == [("rejected", "signature-missing"), ("accepted", "")]


def test_what_is_not_mapped_means_itself(scene: Scene, drop: Path) -> None:
    _put(drop, _files(scene, distribution="sid"))
    _look(scene, WatchedFolder(Watch(str(drop), {"trixie": "trixie-test-unstable"})))
    assert models.Upload.objects.get().problem_code == "distribution-unknown"


def test_what_is_half_written_waits_for_the_rest(scene: Scene, drop: Path) -> None:
    files = _files(scene)
    watched = WatchedFolder(Watch(str(drop)))
    changes = files.pop(_CHANGES)
    orig = files.pop(_ORIG)
    _put(drop, {**files, _CHANGES: changes[:-200]})
    _look(scene, watched)
    _put(drop, {_CHANGES: changes})
    _look(scene, watched)
    _put(drop, {_ORIG: b"x" * len(orig)})  # the room is made, the bytes are not there
    _look(scene, watched)
    assert _names(drop) == {*files, _CHANGES, _ORIG}
    assert not models.Upload.objects.exists()
    _put(drop, {_ORIG: orig})
    os.utime(drop / _ORIG, ns=(1, 1))
    _look(scene, watched)
    assert models.Upload.objects.get().state == "accepted"


def test_a_changes_that_still_changes_is_not_taken(scene: Scene, drop: Path) -> None:
    _put(drop, _files(scene))
    watched = WatchedFolder(Watch(str(drop)))
    watched.look(scene.site)
    assert _CHANGES in _names(drop), "it was seen for the first time"
    os.utime(drop / _CHANGES)
    watched.look(scene.site)
    assert _CHANGES in _names(drop)
    watched.look(scene.site)
    assert _CHANGES not in _names(drop)


def test_a_link_is_never_followed(scene: Scene, drop: Path, tmp_path: Path) -> None:
    files = _files(scene)
    (tmp_path / "secret").write_bytes(files.pop(_ORIG))
    _put(drop, files)
    (drop / _ORIG).symlink_to(tmp_path / "secret")
    (drop / "other.changes").symlink_to(tmp_path / "secret")
    os.mkfifo(drop / "pipe.changes")
    _look(scene, WatchedFolder(Watch(str(drop))))
    assert not models.Upload.objects.exists()
    assert (drop / _ORIG).is_symlink()


@pytest.mark.parametrize("crashed_after", ["take", "bring", "receive"])
def test_after_a_crash_it_goes_on_and_the_upload_is_there_once(
    scene: Scene, drop: Path, crashed_after: str
) -> None:
    _put(drop, _files(scene))
    first = WatchedFolder(Watch(str(drop)))
    first._folder.take()
    (token,) = first._folder.take()
    if crashed_after != "take":
        first._folder.bring(token, scene.site.spool, {})
    if crashed_after == "receive":
        sweep.take_in(scene.site, lambda _: False)
    _look(scene, WatchedFolder(Watch(str(drop))))
    assert models.Upload.objects.get().state == "accepted"
    assert _CHANGES in _names(drop / "done")


def test_a_crash_while_it_is_taken_gives_the_files_back_and_they_are_taken_again(
    scene: Scene, drop: Path
) -> None:
    _put(drop, _files(scene))
    half = drop / ".taken" / ("0" * 32)
    half.mkdir(parents=True)
    (drop / _ORIG).rename(half / _ORIG)  # the .changes would have been the last
    watched = WatchedFolder(Watch(str(drop)))
    watched.look(scene.site)
    assert scene.site.spool.named(PlainFilename(_ORIG)) == [], "not with every look once more"
    _look(scene, watched)
    assert models.Upload.objects.get().state == "accepted"
    assert list((drop / ".taken").iterdir()) == []


def test_what_is_too_large_is_rejected_and_keeps_nothing_else_waiting(
    scene: Scene, drop: Path, tmp_path: Path
) -> None:
    files = _files(scene)
    _put(drop, files)
    bound = max(map(len, files.values()))
    small = Spool(tmp_path / "small", max_file_bytes=bound, max_spool_bytes=1 << 30)
    site = replace(scene.site, spool=small)
    for token in ("0" * 32, "f" * 32):  # before and behind it, whatever its own is
        large = drop / ".taken" / token
        large.mkdir(parents=True)
        (large / f"large{token[0]}_1.tar").write_bytes(b"x" * (bound + 1))
        (large / f"large{token[0]}_1.changes").write_bytes(b"")
    watched = WatchedFolder(Watch(str(drop)))
    for _ in range(3):
        watched.look(site)
    assert [each.name for each in small.changes()] == [_CHANGES]
    assert {"large0_1.tar", "largef_1.tar"} <= _names(drop / "rejected")
    assert str(bound) in (drop / "rejected" / "large0_1.changes.why").read_text()


def test_what_cannot_be_read_keeps_nothing_else_waiting(scene: Scene, drop: Path) -> None:
    _put(drop, _files(scene))
    for token in ("0" * 32, "f" * 32):
        bad = drop / ".taken" / token
        bad.mkdir(parents=True)
        (bad / "bad_1.changes").symlink_to("nowhere")
    _look(scene, WatchedFolder(Watch(str(drop))))
    assert models.Upload.objects.get().state == "accepted"


def test_a_folder_that_is_not_there_yet_is_looked_at_again(scene: Scene, tmp_path: Path) -> None:
    watched = WatchedFolder(Watch(str(tmp_path / "later")))
    assert not watched.look(scene.site)
    (tmp_path / "later").mkdir()
    _put(tmp_path / "later", _files(scene))
    _look(scene, watched)
    assert models.Upload.objects.get().state == "accepted"
