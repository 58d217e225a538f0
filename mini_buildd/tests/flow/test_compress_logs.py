"""Logs of builds that are over become small, and stay what they were."""

from datetime import timedelta
from pathlib import Path

import pytest

from mini_buildd.flow.compress_logs import compress_logs
from mini_buildd.kit import seekable
from mini_buildd.kit.lock import locked
from mini_buildd.kit.seekable import compress
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.web import logs
from mini_buildd.tools.log_file import compress_log, compressed, open_log
from mini_buildd.wire.task import Task

TEXT = logs.failed("hello", "1.0", "amd64").encode() * 30


def _building(scene: Scene) -> tuple[Task, Path]:
    """A build under way with its log."""
    scene.accepted()
    (task,) = scene.assign()
    scene.results(task)
    log = scene.site.places.builds / task.attempt / "log"
    log.write_bytes(TEXT)
    return task, log


def _read(log: Path) -> bytes:
    with open_log(log) as stream:
        return stream.read()


def test_the_log_of_a_build_is_compressed_a_while_after_its_end(scene: Scene) -> None:
    task, log = _building(scene)
    assert compress_logs(scene.site) == 0
    scene.report(task)
    assert compress_logs(scene.site) == 0
    scene.clock.now += timedelta(minutes=11)
    assert compress_logs(scene.site) == 1
    assert not log.exists()
    assert compressed(log).stat().st_size < len(TEXT) / 10
    assert _read(log) == TEXT
    assert compress_logs(scene.site) == 0
    assert _read(log) == TEXT


def test_the_log_of_a_builder_that_still_lives_is_left_alone(scene: Scene) -> None:
    task, log = _building(scene)
    scene.report(task)
    scene.clock.now += timedelta(minutes=11)
    with locked(log.with_name("lock")):
        assert compress_logs(scene.site) == 0
    assert compress_logs(scene.site) == 1


def test_a_log_that_cannot_be_compressed_keeps_no_other_waiting(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    task, log = _building(scene)
    scene.report(task)
    scene.clock.now += timedelta(minutes=11)
    compressed(log).mkdir()
    assert compress_logs(scene.site) == 0
    assert "stays as it is" in caplog.text
    assert _read(log) == TEXT


def test_a_crash_in_the_middle_leaves_the_plain_log_and_the_next_run_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    log.write_bytes(TEXT)
    (tmp_path / ".log.zst.0123456789ab.tmp").write_bytes(b"half a fra")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    for place in ("sync_folder", "_is_same"):
        with monkeypatch.context() as patch:
            patch.setattr(seekable, place, crash)
            with pytest.raises(KeyboardInterrupt):
                compress_log(log)
        assert _read(log) == TEXT
    compress_log(log)
    assert [path.name for path in tmp_path.iterdir()] == ["log.zst"]
    assert _read(log) == TEXT


def test_while_both_are_there_the_plain_one_counts(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(TEXT)
    compress(log, compressed(log))
    with log.open("ab") as stream:
        stream.write(b"a last word\n")
    assert _read(log) == TEXT + b"a last word\n"
    compress_log(log)
    assert not log.exists()
    assert _read(log) == TEXT + b"a last word\n"
