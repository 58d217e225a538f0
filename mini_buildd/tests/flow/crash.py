"""Killing a process for real, between any two of its effects or after a time."""

import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, connections

# What a Python program does to the world outside of it (sys.addaudithook).
_EFFECTS = frozenset(
    {
        "os.chmod",
        "os.link",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.symlink",
        "subprocess.Popen",
    }
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class _Countdown:
    """Kills this process before it has had more than *most* effects."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.effects = 0

    def step(self) -> None:
        """One effect is about to be."""
        if self.effects >= self._most:
            os.kill(os.getpid(), signal.SIGKILL)
        self.effects += 1

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Count what changes files (an audit hook)."""
        if event in _EFFECTS or (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES
        ):
            self.step()

    def execute(self, execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        """Count what changes rows (an execute_wrapper)."""
        if not sql.startswith("SELECT"):
            self.step()
        return execute(sql, *arguments)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run in a child ended: by itself or killed; *effects* are known in the former case."""

    by_itself: bool
    effects: int
    seconds: float


def run_and_kill(
    work: Callable[[], object], *, effects: int = sys.maxsize, seconds: float | None = None
) -> Ended:
    """Run *work* in a child that is killed (-9) before it has had more than so many *effects*.

    Or after so many *seconds*, if that is sooner. The child has a connection of its own; raises
    AssertionError when the work itself fails.
    """
    connections.close_all()
    sys.stdout.flush()
    ours, theirs = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _work_and_exit(work, effects, theirs)
    os.close(theirs)
    pidfd = os.pidfd_open(child)
    try:
        if not select.select([pidfd], [], [], seconds)[0]:
            os.kill(child, signal.SIGKILL)
        _, state = os.waitpid(child, 0)
        told = os.read(ours, 20)
    finally:
        os.close(pidfd)
        os.close(ours)
    if os.WIFEXITED(state) and os.WEXITSTATUS(state):
        raise AssertionError("the work itself failed")
    return Ended(os.WIFEXITED(state), int(told or b"0"), time.monotonic() - began)


def _work_and_exit(work: Callable[[], object], effects: int, told: int) -> None:
    status = 1
    try:
        countdown = _Countdown(effects)
        sys.addaudithook(countdown.audit)
        with connection.execute_wrapper(countdown.execute):
            work()
        os.write(told, b"%d" % countdown.effects)
        status = 0
    except BaseException:  # noqa: BLE001  # the parent sees the status only
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def runs_to_its_end(work: Callable[[], object], *, effects: int) -> bool:
    """Whether *work*, killed before it has had more than so many *effects*, came to its end."""
    return run_and_kill(work, effects=effects).by_itself
