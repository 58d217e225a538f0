"""Runs one task to its end, in a process and session of its own that outlives the daemon.

Started as ``python -m mini_buildd.buildd.supervisor <task folder> [<descriptor of its lock>]``.
All it says goes to files and never to a pipe, so nobody's death can block it. Should it die itself,
the kernel ends the build's cell and tells sbuild to stop, and whoever looks next finds the lock
free and no result: the attempt is lost. SIGTERM cancels the build.
"""

import ctypes
import errno
import os
import resource
import signal
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mini_buildd.buildd.cell import CellImpossible
from mini_buildd.buildd.cell_build import CellBuild
from mini_buildd.buildd.folder import TaskFolder
from mini_buildd.buildd.phases import PhaseTimes
from mini_buildd.buildd.session_build import build_in_session
from mini_buildd.buildd.watch import Stopped, Watch, not_kept, stop_on_signal
from mini_buildd.kit.atomic import sync_file, sync_folder
from mini_buildd.kit.hashing import hash_file
from mini_buildd.kit.process import identify
from mini_buildd.tools.sbuild import Ending, read_ending
from mini_buildd.tools.sbuild_log import summary
from mini_buildd.wire.task import BuildStatus, Result, ResultFile, Running, Task

_PR_SET_CHILD_SUBREAPER = 36
_TAIL_BYTES = 1 << 20
_NO_SPACE = os.strerror(errno.ENOSPC)


def supervise(folder: TaskFolder, lock: int | None = None) -> None:
    """Run the task in *folder* unless somebody does or did; *lock* is its lock, if we have it."""
    if lock is None:
        lock = folder.lock()
    if lock is None or folder.result() is not None:
        return
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    work = Work(folder, folder.task())
    try:
        stop_on_signal()
        _note_start(folder)
        ending = work.run()
    except Stopped as stopped:
        ending = stopped.ending
        work.note(ending.reason)
    except (OSError, CellImpossible) as error:
        ending = Ending(BuildStatus.INFRASTRUCTURE, "", f"the build could not be run: {error}")
        work.note(ending.reason)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _end_stragglers()
    folder.note_result(work.result(ending))
    work.close()


@dataclass(slots=True)
class Work:
    """One task and what is measured of it."""

    folder: TaskFolder
    task: Task
    is_for_debugging: bool = False
    _phases: PhaseTimes = field(init=False)
    _watch: Watch = field(init=False)
    _build: CellBuild | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._phases = PhaseTimes(time.monotonic)
        self._watch = Watch(self.folder.log, self.task.limits, self._phases)

    def run(self) -> Ending:
        """Build, and judge how it went; raises Stopped, OSError, CellImpossible."""
        for note in self._notes:
            self.note(note, "I")
        if self.task.base:
            self._build = CellBuild(self.folder, self.task, self._watch, self.is_for_debugging)
            status = self._build.run()
        else:
            status = build_in_session(
                self.folder, self.task, self._watch.look, is_for_debugging=self.is_for_debugging
            )
        _end_stragglers()
        return self._judge(status)

    @property
    def _notes(self) -> tuple[str, ...]:
        return not_kept(self.task.limits, in_cell=bool(self.task.base))

    def _judge(self, status: int) -> Ending:
        tail = _tail(self.folder.log)
        has_changes = any(self.folder.results.glob("*.changes"))
        ending = read_ending(status, summary(tail), tail, changes=has_changes)
        if ending.status is not BuildStatus.SUCCEEDED and self._has_filled_memory(tail):
            reason = "the memory that it was to work in is full; it is tried again on the disk"
            return Ending(BuildStatus.INFRASTRUCTURE, "disk", reason)
        return ending

    def _has_filled_memory(self, tail: str) -> bool:
        """By what was measured, or by what the build says: it may have been quicker than we."""
        if self._build is None or not self._build.is_in_memory:
            return False
        return self._build.is_full or _NO_SPACE in tail

    def note(self, text: str, mark: str = "mini-buildd") -> None:
        """Let the log say something of ours, such as what ended the build from outside."""
        with self.folder.log.open("ab") as log:
            log.write(f"\n{mark}: {text}\n".encode())

    def close(self) -> None:
        """Tidy up what nobody waits for."""
        if self._build is not None:
            self._build.close()

    def result(self, ending: Ending) -> Result:
        """All there is to hand in; what it names is durable."""
        files = _collect(self.folder.results) if ending.status is BuildStatus.SUCCEEDED else ()
        self._phases.look(self.folder.log)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Result(
            attempt=self.task.attempt,
            fence=self.task.fence,
            status=ending.status,
            reason=ending.reason,
            stage=ending.stage,
            finished_at=datetime.now(UTC).isoformat(),
            changes=next((file.name for file in files if file.name.endswith(".changes")), ""),
            files=files,
            unmet=ending.unmet,
            phases=self._phases.finish(),
            peak_memory_bytes=self._watch.peak_memory_bytes,
            disk_bytes=self._watch.disk_bytes,
            cpu_seconds=round(used.ru_utime + used.ru_stime, 2),
            layer=self._build.layer if self._build else "",
            notes=self._notes,
        )


def _note_start(folder: TaskFolder) -> None:
    me = identify(os.getpid())
    if me is None:  # pragma: no cover  # we are alive
        raise RuntimeError("/proc does not know this process")
    now = datetime.now(UTC).isoformat()
    folder.note_running(
        Running(pid=me.pid, start_ticks=me.start_ticks, boot_id=me.boot_id, started_at=now)
    )


def _end_stragglers() -> None:
    """Kill what the build left behind, so that nothing writes to log and results any more.

    As subreaper this process is the parent of all whose own parent has gone (prctl(2)).
    """
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    foreign: set[int] = set()  # root's, as schroot may leave one; not ours to end
    while pids := {int(word) for word in children.read_text(encoding="ascii").split()} - foreign:
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except PermissionError:
                foreign.add(pid)
            else:
                os.waitpid(pid, 0)


def _tail(log: Path) -> str:
    """The end of the log, where the summary and the reasons stand."""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        return stream.read().decode("utf-8", errors="replace")


def _collect(results: Path) -> tuple[ResultFile, ...]:
    """Every regular file that the build left, durable and with its digest."""
    files = []
    for path in sorted(results.iterdir()):
        if path.is_file() and not path.is_symlink():
            sync_file(path)
            digests = hash_file(path)
            files.append(
                ResultFile(name=path.name, size_bytes=digests.size_bytes, sha256=digests.sha256)
            )
    sync_folder(results)
    return tuple(files)


if __name__ == "__main__":
    inherited = int(sys.argv[2]) if sys.argv[2:] else None
    if inherited is not None:
        os.set_inheritable(inherited, False)  # noqa: FBT003  # sbuild must not hold it for us
    supervise(TaskFolder(Path(sys.argv[1])), inherited)
