"""Running sbuild itself: the same for cells and for sessions of its own."""

import ctypes
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from mini_buildd.buildd.folder import TaskFolder
from mini_buildd.buildd.follow import follow
from mini_buildd.kit.atomic import write_file
from mini_buildd.tools.cell import BUILD_USER
from mini_buildd.tools.sbuild import command, configuration
from mini_buildd.tools.sbuild_options import build_options
from mini_buildd.wire.task import Task

_PR_SET_PDEATHSIG = 1
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def run_sbuild(
    folder: TaskFolder,
    task: Task,
    look: Callable[[], None],
    *,
    testbed: Path | None = None,
    programs: Path | None = None,
    is_for_debugging: bool = False,
) -> int:
    """Run sbuild on *task* to its end, with all it says in the log; gives its exit status.

    What *testbed* is, tools/sbuild.py says; *programs* is a folder that goes before PATH. For
    debugging, sbuild talks with whoever sits at the terminal instead.
    """
    # What a build hands out is copied to the machine's own disk, and may be of any size.
    largest = task.limits.disk_bytes or shutil.disk_usage(folder.path).free // 2
    prepare = partial(_prepare, os.getpid(), task.limits.cores, largest)
    rc = folder.path / "sbuildrc"
    write_file(rc, configuration(task, folder.path, in_cell=testbed is not None).encode())
    with folder.log.open("ab") as log:
        output = None if is_for_debugging else log
        process = subprocess.Popen(
            command(task, folder.results, testbed=testbed, is_for_debugging=is_for_debugging),
            cwd=folder.results,
            stdin=None if is_for_debugging else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment(rc, task, programs),
            preexec_fn=prepare,  # noqa: PLW1509  # one thread only
        )
        status = follow(process, look)
        os.fsync(log.fileno())
    return status


def environment(rc: Path, task: Task, programs: Path | None = None) -> Mapping[str, str]:
    """What a build may know of the daemon's environment: next to nothing."""
    # A plain user's path may lack where sbuild finds its tools.
    parts = (str(programs) if programs else "", os.environ.get("PATH"), _SYSTEM_PATH)
    path = ":".join(filter(None, parts))
    options = build_options(task)
    return {
        "HOME": os.environ.get("HOME", "/"),
        "USER": BUILD_USER,
        "LOGNAME": BUILD_USER,
        "PATH": path,
        "LC_ALL": "C.UTF-8",
        "SBUILD_CONFIG": str(rc),
        **({"DEB_BUILD_OPTIONS": options} if options else {}),
    }


def _prepare(parent: int, cores: int, largest: int) -> None:
    """In the child: end with the supervisor, stay on some *cores*, write no file past *largest*."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died before we could ask to be told
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    # Should the machine run out of memory, a build is to end and not the daemon (proc(5)).
    Path("/proc/self/oom_score_adj").write_bytes(b"500")
    there = sorted(os.sched_getaffinity(0))
    if 0 < cores < len(there):
        # Builds that begin one after the other get other cores.
        first = parent % len(there)
        os.sched_setaffinity(0, [*there[first:], *there[:first]][:cores])
