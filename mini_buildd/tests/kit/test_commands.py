"""Long commands that somebody else ends."""

import fcntl
import os
import threading
from pathlib import Path

import pytest

from mini_buildd.kit.commands import Commands, CommandsStopped
from mini_buildd.kit.lock import locked, try_locked
from mini_buildd.kit.process import CommandFailed
from mini_buildd.tests.instance import processes, wait_for


def test_each_line_is_heard_and_a_failure_says_the_last_ones() -> None:
    heard: list[str] = []
    commands = Commands(is_nice=True)
    commands.run(["sh", "-c", "echo one; echo two >&2; nice"], heard.append)
    assert heard == ["one", "two", "15"]
    with pytest.raises(CommandFailed) as caught:
        commands.run(["sh", "-c", "echo why; exit 3"])
    assert (caught.value.status, caught.value.said) == (3, "  why")


def test_stopping_ends_what_runs_with_all_its_children_and_what_would_follow() -> None:
    commands, caught = Commands(), []
    begun = threading.Event()

    def work() -> None:
        try:
            commands.run(["sh", "-c", "echo begun; sleep 4711.25 & wait"], lambda _: begun.set())
        except CommandsStopped as stopped:
            caught.append(stopped)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(20)
    commands.stop()
    thread.join(20)
    assert len(caught) == 1
    wait_for("no child is left", lambda: not _sleepers(), seconds=10)
    with pytest.raises(CommandsStopped):
        commands.run(["true"])


def test_who_is_interrupted_leaves_no_command_behind() -> None:
    def interrupt(line: str) -> None:
        raise KeyboardInterrupt(line)

    with pytest.raises(KeyboardInterrupt):
        Commands().run(["sh", "-c", "echo begun; sleep 4711.25 & wait"], interrupt)
    wait_for("no child is left", lambda: not _sleepers(), seconds=10)


def _sleepers() -> list[int]:
    return [pid for pid, command in processes() if b"sleep\0004711.25" in command]


def test_a_lock_that_commands_hold_outlives_who_took_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    commands = Commands()
    with locked(path) as descriptor:
        commands.held = descriptor
        answers: list[bool] = []

        def look(line: str) -> None:
            """As if this process were killed: its own descriptor is gone, the child's is not."""
            del line
            other = os.open(os.devnull, os.O_RDONLY)
            kept = os.dup(descriptor)
            os.dup2(other, descriptor)
            os.close(kept)
            os.close(other)
            with try_locked(path) as is_ours:
                answers.append(is_ours)

        commands.run(["sh", "-c", "echo; sleep 0.3"], look)
    assert answers == [False]
    with try_locked(path) as is_ours:
        assert is_ours


def test_a_lock_is_taken_only_when_nobody_has_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, is_shared=True), try_locked(path) as is_ours:
        assert not is_ours
    with try_locked(path) as is_ours:
        assert is_ours
        other = os.open(path, os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        os.close(other)
