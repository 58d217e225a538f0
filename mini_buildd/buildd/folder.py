"""The folder of one task: the only thing that the builder and the supervisor share.

task.json      what to build
running.json   who runs it
lock           held by the supervisor as long as it lives; the kernel lets go when it dies
log            what sbuild says, as it says it
work/          where it is built, if on the disk; mostly of subordinate users
results/       what sbuild makes
result.json    how it ended; written last, so that where it stands all else is whole
"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.kit.atomic import write_file
from mini_buildd.wire.task import MessageType, Result, Running, Task, decode, encode


@dataclass(frozen=True, slots=True)
class TaskFolder:
    """One attempt's folder."""

    path: Path

    @property
    def log(self) -> Path:
        """The live log."""
        return self.path / "log"

    @property
    def results(self) -> Path:
        """What the build made."""
        return self.path / "results"

    @property
    def work(self) -> Path:
        """Where it is built; what is in there may belong to subordinate users."""
        return self.path / "work"

    @property
    def session(self) -> Path:
        """The name of the schroot session that the build has, while it has one."""
        return self.path / "schroot-session"

    def create(self, task: Task) -> None:
        """Lay down the task, durably; harmless when it lies there already."""
        self.results.mkdir(parents=True, exist_ok=True)
        write_file(self.path / "task.json", encode(task))

    def task(self) -> Task:
        """The task; raises FileNotFoundError, MalformedMessage."""
        return decode((self.path / "task.json").read_bytes(), Task)

    def running(self) -> Running | None:
        """Who took it up, if anybody has."""
        return self._read("running.json", Running)

    def result(self) -> Result | None:
        """How it ended, if it has."""
        return self._read("result.json", Result)

    def note_running(self, running: Running) -> None:
        """Write who runs it."""
        write_file(self.path / "running.json", encode(running))

    def note_result(self, result: Result) -> None:
        """Write how it ended; everything else must be durable by now."""
        write_file(self.path / "result.json", encode(result))

    def lock(self) -> int | None:
        """Take the supervisor's lock and return its descriptor; None when another holds it."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def is_locked(self) -> bool:
        """Whether a supervisor lives."""
        descriptor = self.lock()
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    def _read(self, name: str, kind: type[MessageType]) -> MessageType | None:
        try:
            return decode((self.path / name).read_bytes(), kind)
        except FileNotFoundError:
            return None
