"""The cells of this machine from outside: opened, entered, ended (what one is: tools/cell.py)."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from mini_buildd.buildd.follow import follow
from mini_buildd.tools import cell as commands
from mini_buildd.tools.cell import CellPlan, Door
from mini_buildd.tools.namespace import Subids

_INIT = Path(__file__).with_name("cell_init.py")
_READY_SECONDS = 60.0
_BURY_SECONDS = 0.02


class CellImpossible(Exception):
    """The machine does not let us make a cell; the text says what it refused."""


class Cell:
    """One cell, for as long as this process lives or until it is closed."""

    def __init__(self, process: subprocess.Popen[bytes], pid: int) -> None:
        self._process = process
        self.pid = pid
        self.door = Door(first=pid, keeper=process.pid)

    @property
    def proc(self) -> Path:
        """The cell's own /proc, which lists its processes and no others."""
        return Path(f"/proc/{self.pid}/root/proc")

    def command(self, *words: str, online: bool = False) -> list[str]:
        """*words* as a command of its root."""
        return commands.enter(self.door, *words, online=online)

    def close(self) -> None:
        """End everything in it; its mounts go with it."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        # Its first process ends once all others have been waited for, and some of them are ours by
        # now: those whose own parent, outside of the cell, was killed (pid_namespaces(7)).
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=_BURY_SECONDS)
                return
            _bury_orphans(but=self._process.pid)


def open_cell(plan: CellPlan, subids: Subids, complaints: IO[bytes]) -> Cell:
    """Make a cell and wait until its root stands; raises CellImpossible.

    What goes wrong is written to *complaints*, too.
    """
    for name in (".", "root", "tmpfs"):
        (plan.work / name).mkdir(exist_ok=True)
    process = subprocess.Popen(
        commands.start_command(plan, subids, sys.executable, _INIT),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
    )
    try:
        _wait_until_ready(process)
        return Cell(process, _only_child(process.pid))
    except BaseException:
        process.kill()
        if process.stdin is not None:
            process.stdin.close()
        process.wait()
        raise


def _wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    if process.stdout is None:  # pragma: no cover  # it was asked for
        raise AssertionError
    with process.stdout as stdout:
        deadline = time.monotonic() + _READY_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            if select.select([stdout], [], [], left)[0]:
                if stdout.readline() == b"ready\n":
                    return
                break
    raise CellImpossible("its first process ended, or was not ready in time")


def _only_child(pid: int) -> int:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    if len(told) != 1:
        raise CellImpossible(f"{len(told)} first processes instead of one")
    return int(told[0])


def _bury_orphans(*, but: int) -> None:
    """Wait for all children that have ended, except for that one."""
    me = os.getpid()
    told = Path(f"/proc/{me}/task/{me}/children").read_text(encoding="ascii").split()
    for pid in {int(word) for word in told} - {but}:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def run_in(
    cell: Cell, script: str, output: IO[bytes], look: Callable[[], None], *, online: bool = False
) -> int:
    """Run *script* in the shell of *cell* as its root; gives the exit status (buildd/follow.py)."""
    with TemporaryFile() as text:
        text.write(script.encode())
        text.seek(0)
        command = cell.command("sh", "-s", online=online)
        process = subprocess.Popen(command, stdin=text, stdout=output, stderr=output)
    return follow(process, look)
