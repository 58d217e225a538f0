"""The builder of one machine: starts supervisors, and tells what became of them."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mini_buildd.buildd.folder import TaskFolder
from mini_buildd.buildd.layers import making_folder
from mini_buildd.buildd.session_build import end_session
from mini_buildd.buildd.sweep import end_stragglers, find_stragglers, remove_folder
from mini_buildd.kit.process import ProcessIdentity, identify, send_signal
from mini_buildd.wire.task import MalformedMessage, Result, Task

# A supervisor that is asked to end its build takes a moment; then it is killed.
_END_SECONDS = 5.0
# sbuild and schroot, whose supervisor was killed, end their session as the kernel asks them to.
_GRACE_SECONDS = 4.0
_TIDY_SECONDS = 120.0
_LEAVE_SECONDS = 0.5
_NEW_SECONDS = 60.0


class Life(StrEnum):
    """What can be seen of a task from outside."""

    STARTING = "starting"
    RUNNING = "running"
    ENDED = "ended"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A task as it is now; the *process* is there while it runs, the *result* once it ended."""

    life: Life
    process: ProcessIdentity | None = None
    started_at: str = ""
    result: Result | None = None


class Builder:
    """Runs tasks below *root*, each in the folder of its attempt."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._asked: dict[str, float] = {}  # to end, when
        self._seen: dict[str, float] = {}  # with stragglers, when first

    def folder(self, attempt: str) -> TaskFolder:
        """Where the attempt of that token is built."""
        return TaskFolder(self._root / attempt)

    def start(self, task: Task) -> None:
        """Run *task*. Starting one again that runs or has ended changes nothing."""
        folder = self.folder(task.attempt)
        folder.create(task)
        lock = folder.lock()
        if lock is None:
            return
        # It inherits the lock: were we to die now, our successor would see it held all the same.
        try:
            with (folder.path / "supervisor.err").open("ab") as complaints:
                self._children[task.attempt] = subprocess.Popen(
                    [
                        sys.executable,
                        "-m",
                        "mini_buildd.buildd.supervisor",
                        str(folder.path),
                        str(lock),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=complaints,
                    start_new_session=True,
                    cwd="/",
                    pass_fds=(lock,),
                )
        finally:
            os.close(lock)

    def look(self, attempt: str) -> Sighting:
        """What became of the attempt of that token."""
        folder = self.folder(attempt)
        child = self._children.get(attempt)
        is_child_alive = child is not None and child.poll() is None
        # The order matters: a lock found free before the result is read means it is final.
        is_held = folder.path.is_dir() and (is_child_alive or folder.is_locked())
        try:
            running, result = folder.running(), folder.result()
        except MalformedMessage:
            return Sighting(Life.LOST)
        if result is not None:
            started_at = running.started_at if running else ""
            return Sighting(Life.ENDED, started_at=started_at, result=result)
        if not is_held:
            return Sighting(Life.LOST)
        if running is None:
            return Sighting(Life.STARTING)
        process = ProcessIdentity(running.pid, running.start_ticks, running.boot_id)
        return Sighting(Life.RUNNING, process, running.started_at)

    def cancel(self, attempt: str) -> None:
        """Let the attempt end: its supervisor is asked to, and killed when it takes too long.

        To be called until the attempt has ended.
        """
        process = self._supervisor(attempt)
        if process is None:
            return
        if attempt not in self._asked:
            self._asked[attempt] = time.monotonic()
            send_signal(process, signal.SIGTERM)
        elif time.monotonic() - self._asked[attempt] > _END_SECONDS:
            send_signal(process, signal.SIGKILL)

    def _supervisor(self, attempt: str) -> ProcessIdentity | None:
        child = self._children.get(attempt)
        if child is not None:
            return identify(child.pid)
        running = self.folder(attempt).running()
        if running is None:
            return None
        return ProcessIdentity(running.pid, running.start_ticks, running.boot_id)

    def sweep(self, attempt: str) -> bool:
        """Let nothing be left of an attempt that has ended but its folder; whether all is done.

        What it started gets a moment to end by itself, so ask again until it is.
        """
        folder, child = self.folder(attempt), self._children.get(attempt)
        if child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=_LEAVE_SECONDS)
        session = folder.session.read_text().strip() if folder.session.exists() else ""
        if find_stragglers(folder.path, session):
            since = self._seen.setdefault(attempt, time.monotonic())
            # Once its result is there, a supervisor tidies up what nobody waits for.
            is_tidying = (folder.path / "result.json").exists() and folder.is_locked()
            patience = _TIDY_SECONDS if is_tidying else _GRACE_SECONDS
            if time.monotonic() - since < patience:
                return False
            if not end_stragglers(folder.path, session):
                return False
        end_session(folder)
        left = [each for each in _left_by(folder) if each.exists() and not remove_folder(each)]
        return not left

    def forget(self, attempt: str) -> None:
        """Give back what the attempt holds, all but its log."""
        child = self._children.pop(attempt, None)
        if child is not None:
            child.wait(timeout=30)
        self._asked.pop(attempt, None)
        self._seen.pop(attempt, None)
        shutil.rmtree(self.folder(attempt).results, ignore_errors=True)

    def drop_left_debugging(self) -> None:
        """Remove what debugging has left that was killed (buildd/debug.py)."""
        for path in self._root.glob("debug-*"):
            is_new = time.time() - path.stat().st_mtime < _NEW_SECONDS
            if not is_new and not TaskFolder(path).is_locked() and end_stragglers(path):
                remove_folder(path)

    def holding(self) -> list[str]:
        """The tokens of all attempts that were not forgotten."""
        kept = ("results", "work", "schroot-session")
        return sorted({path.parent.name for name in kept for path in self._root.glob(f"*/{name}")})


def _left_by(folder: TaskFolder) -> list[Path]:
    """The folders in which the attempt may have worked."""
    try:
        layers = folder.task().layers
    except (FileNotFoundError, MalformedMessage):
        layers = ""
    return [folder.work, *([making_folder(Path(layers), folder.path.name)] if layers else [])]
