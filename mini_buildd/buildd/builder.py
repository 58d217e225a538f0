"""The builder of one machine: starts supervisors, and tells what became of them."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mini_buildd.buildd.folder import TaskFolder
from mini_buildd.kit.process import ProcessIdentity
from mini_buildd.wire.task import MalformedMessage, Result, Task


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

    def forget(self, attempt: str) -> None:
        """Give back what the attempt holds, all but its log."""
        child = self._children.pop(attempt, None)
        if child is not None:
            child.wait(timeout=30)
        shutil.rmtree(self.folder(attempt).results, ignore_errors=True)

    def holding(self) -> list[str]:
        """The tokens of all attempts that were not forgotten."""
        return [path.parent.name for path in self._root.glob("*/results")]
