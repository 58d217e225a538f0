"""Runs one task to its end, in a process and session of its own that outlives the daemon.

Started as ``python -m mini_buildd.buildd.supervisor <task folder> [<descriptor of its lock>]``. All
it says goes to files and
never to a pipe, so nobody's death can block it. Should it die itself, the kernel tells sbuild to
stop, and whoever looks next finds the lock free and no result: the attempt is lost.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from mini_buildd.buildd.folder import TaskFolder
from mini_buildd.kit.atomic import sync_file, sync_folder, write_file
from mini_buildd.kit.hashing import hash_file
from mini_buildd.kit.process import identify
from mini_buildd.tools.sbuild import Ending, command, configuration, key_files, read_ending
from mini_buildd.tools.sbuild_log import summary
from mini_buildd.wire.task import BuildStatus, Result, ResultFile, Running, Task

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TAIL_BYTES = 1 << 20
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def supervise(folder: TaskFolder, lock: int | None = None) -> None:
    """Run the task in *folder* unless somebody does or did; *lock* is its lock, if we have it."""
    if lock is None:
        lock = folder.lock()
    if lock is None or folder.result() is not None:
        return
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    task = folder.task()
    _note_start(folder)
    try:
        ending = _build(folder, task)
    except OSError as error:
        ending = Ending(BuildStatus.INFRASTRUCTURE, "", f"the build could not be run: {error}")
    files = _collect(folder.results) if ending.status is BuildStatus.SUCCEEDED else ()
    folder.note_result(
        Result(
            attempt=task.attempt,
            fence=task.fence,
            status=ending.status,
            reason=ending.reason,
            stage=ending.stage,
            finished_at=datetime.now(UTC).isoformat(),
            changes=next((file.name for file in files if file.name.endswith(".changes")), ""),
            files=files,
        )
    )


def _note_start(folder: TaskFolder) -> None:
    me = identify(os.getpid())
    if me is None:  # pragma: no cover  # we are alive
        raise RuntimeError("/proc does not know this process")
    now = datetime.now(UTC).isoformat()
    folder.note_running(
        Running(pid=me.pid, start_ticks=me.start_ticks, boot_id=me.boot_id, started_at=now)
    )


def _build(folder: TaskFolder, task: Task) -> Ending:
    for name, key in key_files(task).items():
        write_file(folder.path / name, key.encode())
    rc = folder.path / "sbuildrc"
    write_file(rc, configuration(task, folder.path).encode())
    with folder.log.open("ab") as log:
        process = subprocess.Popen(
            command(task, folder.results),
            cwd=folder.results,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(rc),
            preexec_fn=partial(_die_with, os.getpid()),  # noqa: PLW1509  # one thread only
        )
        exit_status = process.wait()
        _end_stragglers()
        os.fsync(log.fileno())
    tail = _tail(folder.log)
    has_changes = any(folder.results.glob("*.changes"))
    return read_ending(exit_status, summary(tail), tail, changes=has_changes)


def _environment(rc: Path) -> Mapping[str, str]:
    """What a build may know of the daemon's environment: next to nothing."""
    kept = {name: os.environ[name] for name in ("HOME", "USER", "LOGNAME") if name in os.environ}
    # A plain user's path may lack where sbuild finds its tools.
    path = ":".join(filter(None, (os.environ.get("PATH"), _SYSTEM_PATH)))
    return {**kept, "PATH": path, "LC_ALL": "C.UTF-8", "SBUILD_CONFIG": str(rc)}


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


def _die_with(parent: int) -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before we could ask to be told
        os._exit(1)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    inherited = int(sys.argv[2]) if sys.argv[2:] else None
    if inherited is not None:
        os.set_inheritable(inherited, False)  # noqa: FBT003  # sbuild must not hold it for us
    supervise(TaskFolder(Path(sys.argv[1])), inherited)
