"""Killing a process for real, between any two of its effects."""

import os
import signal
import sys
from collections.abc import Callable
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
    """Kills this process before effect number *left*."""

    def __init__(self, left: int) -> None:
        self._left = left

    def step(self) -> None:
        """One effect is about to be."""
        self._left -= 1
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

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


def runs_to_its_end(work: Callable[[], object], *, effects: int) -> bool:
    """Run *work* in a child that is killed (-9) before it has had more than so many *effects*.

    Whether it came to its end instead. The child has a connection of its own.
    """
    connections.close_all()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            countdown = _Countdown(effects)
            sys.addaudithook(countdown.audit)
            with connection.execute_wrapper(countdown.execute):
                work()
            status = 0
        finally:
            os._exit(status)
    _, state = os.waitpid(child, 0)
    if os.WIFSIGNALED(state):
        return False
    if os.WEXITSTATUS(state):
        raise AssertionError("the work itself failed")
    return True
