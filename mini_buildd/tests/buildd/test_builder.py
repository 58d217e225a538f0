"""The builder: what can be seen of a build, also by one that was started anew."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from mini_buildd.buildd.builder import Builder, Life
from mini_buildd.buildd.folder import TaskFolder
from mini_buildd.buildd.sweep import find_stragglers
from mini_buildd.kit.process import boot_id, identify
from mini_buildd.tests.buildd.scripts import GOOD, TASK, Bench
from mini_buildd.tests.instance import wait_for
from mini_buildd.wire.task import Running

ATTEMPT = TASK.attempt
WAITS = "echo begun; while [ ! -e go ]; do sleep 0.05; done\n"


@pytest.fixture
def builder(bench: Bench) -> Iterator[Builder]:
    made = Builder(bench.root / "builds")
    yield made
    for child in made._children.values():
        child.kill()
        child.wait()


def again(bench: Bench) -> Builder:
    """A builder as after a restart: it has no children."""
    return Builder(bench.root / "builds")


def go(bench: Bench) -> None:
    """Let the build end."""
    (bench.folder.results / "go").touch()


def sees(builder: Builder, life: Life) -> None:
    """Wait until that is what it sees."""
    wait_for(life, lambda: builder.look(ATTEMPT).life is life, seconds=30)


def test_it_starts_runs_and_ends(bench: Bench, builder: Builder) -> None:
    bench.sbuild(WAITS + GOOD)
    builder.start(TASK)
    assert builder.look(ATTEMPT).life in (Life.STARTING, Life.RUNNING)
    sees(builder, Life.RUNNING)
    sighting = builder.look(ATTEMPT)
    assert sighting.process is not None
    assert identify(sighting.process.pid) == sighting.process
    assert sighting.started_at
    go(bench)
    sees(builder, Life.ENDED)
    ended = builder.look(ATTEMPT)
    assert ended.result is not None
    assert ended.started_at == sighting.started_at
    assert ended.process is None


def test_started_anew_it_finds_what_runs_and_what_has_ended(bench: Bench, builder: Builder) -> None:
    bench.sbuild(WAITS + GOOD)
    builder.start(TASK)
    sees(builder, Life.RUNNING)
    other = again(bench)
    assert other.look(ATTEMPT) == builder.look(ATTEMPT)
    go(bench)
    sees(other, Life.ENDED)
    builder.forget(ATTEMPT)


def test_started_twice_it_runs_once(bench: Bench, builder: Builder) -> None:
    bench.sbuild(WAITS + GOOD)
    builder.start(TASK)
    wait_for("it builds", bench.said("begun"), seconds=30)
    others = [again(bench), again(bench)]  # kept, as they look after their children
    others[0].start(TASK)
    go(bench)
    sees(builder, Life.ENDED)
    others[1].start(TASK)
    for each in (builder, *others):
        each.forget(ATTEMPT)
    assert bench.log().count("begun") == 1


def test_an_attempt_that_was_never_started_is_lost(builder: Builder) -> None:
    assert builder.look(ATTEMPT).life is Life.LOST
    builder.forget(ATTEMPT)


def test_one_whose_supervisor_was_killed_is_lost(bench: Bench, builder: Builder) -> None:
    bench.sbuild(WAITS)
    builder.start(TASK)
    sees(builder, Life.RUNNING)
    process = builder.look(ATTEMPT).process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    sees(builder, Life.LOST)
    assert again(bench).look(ATTEMPT).life is Life.LOST


def test_a_pid_that_somebody_else_has_by_now_is_not_taken_for_it(
    bench: Bench, builder: Builder
) -> None:
    """As after a reboot: the note is there, its process is another one, the lock is free."""
    bench.folder.create(TASK)
    me = identify(os.getpid())
    assert me is not None
    for ticks, boot in ((me.start_ticks - 1, boot_id()), (me.start_ticks, "another boot")):
        bench.folder.note_running(
            Running(pid=os.getpid(), start_ticks=ticks, boot_id=boot, started_at="")
        )
        assert builder.look(ATTEMPT).life is Life.LOST


@pytest.mark.parametrize("name", ["running.json", "result.json"])
@pytest.mark.parametrize("text", ["", "{", '{"pid": "x"}', "\xff"])
def test_notes_that_are_none_are_a_loss(
    bench: Bench, builder: Builder, name: str, text: str
) -> None:
    bench.folder.create(TASK)
    (bench.folder.path / name).write_text(text, encoding="latin-1")
    assert builder.look(ATTEMPT).life is Life.LOST


def test_from_its_first_moment_one_that_was_started_anew_sees_it(
    bench: Bench, builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python takes its time to begin; a daemon that is killed meanwhile must not start it twice."""
    bench.sbuild(GOOD)
    slow = bench.root / "slow"
    slow.write_text(
        f"#!/bin/sh\nwhile [ ! -e {bench.root}/go ]; do sleep 0.02; done\n"
        f'exec {sys.executable} "$@"\n'
    )
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))
    builder.start(TASK)
    assert again(bench).look(ATTEMPT).life is Life.STARTING
    (bench.root / "go").touch()
    sees(again(bench), Life.ENDED)
    builder.forget(ATTEMPT)
    assert not bench.folder.is_locked()


def test_a_build_does_not_hold_its_supervisors_lock(bench: Bench, builder: Builder) -> None:
    bench.sbuild("ls -l /proc/self/fd\n" + GOOD)
    builder.start(TASK)
    sees(builder, Life.ENDED)
    builder.forget(ATTEMPT)
    assert str(bench.folder.path / "lock") not in bench.log()


def test_a_supervisor_that_cannot_even_begin_is_lost_and_says_why(
    bench: Bench, builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    builder.start(TASK)
    sees(builder, Life.LOST)
    builder.forget(ATTEMPT)
    assert (bench.folder.path / "supervisor.err").exists()


def test_what_is_forgotten_leaves_its_log_and_no_zombie(bench: Bench, builder: Builder) -> None:
    bench.sbuild(GOOD)
    builder.start(TASK)
    sees(builder, Life.ENDED)
    running = bench.folder.running()
    assert running is not None
    builder.forget(ATTEMPT)
    builder.forget(ATTEMPT)
    assert not bench.folder.results.exists()
    assert "building" in bench.log()
    assert not Path(f"/proc/{running.pid}").exists()


def test_no_descriptor_is_left_behind(bench: Bench, builder: Builder) -> None:
    bench.sbuild(GOOD)
    before = len(list(Path("/proc/self/fd").iterdir()))
    builder.start(TASK)
    sees(builder, Life.ENDED)
    for _ in range(20):
        builder.look(ATTEMPT)
    builder.forget(ATTEMPT)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# --- cancelling and sweeping --------------------------------------------------------


def ends(builder: Builder) -> None:
    """Cancel it until it has ended."""

    def look() -> bool:
        builder.cancel(ATTEMPT)
        return builder.look(ATTEMPT).life in (Life.ENDED, Life.LOST)

    wait_for("it ends", look, seconds=20, interval=0.2)


def gone(builder: Builder) -> None:
    """Sweep until nothing is left."""
    wait_for("it is swept", lambda: builder.sweep(ATTEMPT), seconds=20, interval=0.2)


def test_a_running_build_is_cancelled(bench: Bench, builder: Builder) -> None:
    bench.sbuild(WAITS)
    builder.start(TASK)
    wait_for("it builds", bench.said("begun"), seconds=30)
    ends(builder)
    gone(builder)
    assert find_stragglers(bench.folder.path) == []


def test_also_by_a_builder_that_was_started_anew(bench: Bench, builder: Builder) -> None:
    bench.sbuild(WAITS)
    builder.start(TASK)
    wait_for("it builds", bench.said("begun"), seconds=30)
    other = again(bench)
    other.cancel(ATTEMPT)
    wait_for("it ends", lambda: builder.look(ATTEMPT).life is not Life.RUNNING, seconds=20)
    gone(other)


def test_in_its_very_first_moment(bench: Bench, builder: Builder) -> None:
    bench.sbuild(WAITS)
    builder.start(TASK)
    ends(builder)
    gone(builder)
    assert bench.log() == ""


def test_a_supervisor_that_does_not_listen_is_killed(bench: Bench, builder: Builder) -> None:
    bench.sbuild(WAITS)
    builder.start(TASK)
    wait_for("it builds", bench.said("begun"), seconds=30)
    process = builder.look(ATTEMPT).process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    ends(builder)
    assert builder.look(ATTEMPT).life is Life.LOST
    gone(builder)


def test_cancelling_what_has_ended_or_never_was_does_nothing(
    bench: Bench, builder: Builder
) -> None:
    builder.cancel(ATTEMPT)
    bench.sbuild(GOOD)
    builder.start(TASK)
    sees(builder, Life.ENDED)
    builder.cancel(ATTEMPT)
    assert builder.sweep(ATTEMPT)
    builder.forget(ATTEMPT)
    again(bench).cancel(ATTEMPT)


def test_a_pid_that_somebody_else_has_by_now_is_left_alone(bench: Bench, builder: Builder) -> None:
    """As after a reboot: were it not, this test would end here."""
    bench.folder.create(TASK)
    me = identify(os.getpid())
    assert me is not None
    for ticks, boot in ((me.start_ticks - 1, boot_id()), (me.start_ticks, "another boot")):
        running = Running(pid=os.getpid(), start_ticks=ticks, boot_id=boot, started_at="")
        bench.folder.note_running(running)
        builder.cancel(ATTEMPT)
        again(bench).cancel(ATTEMPT)


def test_what_ignores_the_death_of_its_supervisor_is_swept_after_a_moment(
    bench: Bench, builder: Builder
) -> None:
    bench.sbuild("trap '' TERM; echo begun; while :; do sleep 0.1; done")
    builder.start(TASK)
    wait_for("it builds", bench.said("begun"), seconds=30)
    process = builder.look(ATTEMPT).process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    sees(builder, Life.LOST)
    assert not builder.sweep(ATTEMPT)
    assert find_stragglers(bench.folder.path)
    gone(builder)
    assert not find_stragglers(bench.folder.path)


def test_what_is_held_is_known_until_it_is_forgotten(bench: Bench, builder: Builder) -> None:
    folder, layers = bench.folder, bench.root / "layers"
    folder.create(structs.replace(TASK, layers=str(layers)))
    folder.work.mkdir()
    making = layers / f"making-{ATTEMPT}"
    (making / "upper").mkdir(parents=True)
    assert again(bench).holding() == [ATTEMPT]
    assert builder.sweep(ATTEMPT)
    assert not folder.work.exists()
    assert not making.exists()
    builder.forget(ATTEMPT)
    assert builder.holding() == []


def test_a_session_of_schroot_that_was_left_is_ended_by_its_exact_name(
    bench: Bench, builder: Builder
) -> None:
    """By a stand-in that knows two; the real one is in the tests of the whole."""
    bench.folder.create(TASK)
    bench.folder.session.write_text("trixie-amd64-0a1b\n")
    schroot = bench.root / "bin" / "schroot"
    bench.sbuild(GOOD)
    schroot.write_text(
        f'#!/bin/sh\necho "$@" >> {bench.root}/asked\n'
        "echo session:trixie-amd64-0a1b\necho session:trixie-amd64-0a1bc\n"
    )
    schroot.chmod(0o755)
    assert builder.sweep(ATTEMPT)
    asked = (bench.root / "asked").read_text().splitlines()
    assert asked[1:] == ["--end-session --force --chroot trixie-amd64-0a1b"]
    assert not bench.folder.session.exists()


def test_debugging_that_was_killed_leaves_nothing_for_long(bench: Bench, builder: Builder) -> None:
    folders = [
        TaskFolder(bench.root / "builds" / f"debug-{name}") for name in ("new", "used", "old")
    ]
    for folder in folders:
        folder.create(TASK)
        folder.work.mkdir()
    lock = folders[1].lock()
    assert lock is not None
    for folder in folders[1:]:
        os.utime(folder.path, (0, 0))
    builder.drop_left_debugging()
    assert [folder.path.exists() for folder in folders] == [True, True, False]
    os.close(lock)
    os.utime(folders[1].path, (0, 0))
    builder.drop_left_debugging()
    assert [folder.path.exists() for folder in folders] == [True, False, False]
