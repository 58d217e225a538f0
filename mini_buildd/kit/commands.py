"""Long commands, one after the other, that somebody else can end."""

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from mini_buildd.kit.process import CommandFailed

Say = Callable[[str], None]

# So that what people wait for goes first, on the processor and on the disk.
_NICE = ("nice", "-n", "15", "ionice", "-c", "2", "-n", "7")


class CommandsStopped(Exception):
    """Somebody has ended the work."""


class Commands:
    """Runs commands; stop() ends the one that runs, and refuses further ones. For two threads.

    *held* is a descriptor, of a lock, that the commands keep open too: should this process be
    killed, nobody takes the lock before they have ended.
    """

    def __init__(self, *, is_nice: bool = False) -> None:
        self.held: int | None = None
        self._prefix = _NICE if is_nice else ()
        self._guard = threading.Lock()
        self._is_stopped = False
        self._process: subprocess.Popen[str] | None = None

    def run(self, command: Sequence[str], say: Say = lambda _: None) -> None:
        """Run *command* to its end, handing each line of its output to *say* as it comes.

        Raises CommandFailed, CommandsStopped, or OSError when it cannot be started.
        """
        last_lines: deque[str] = deque(maxlen=12)
        process = self._start([*self._prefix, *command])
        with process:
            try:
                for line in process.stdout or ():
                    last_lines.append(line.rstrip())
                    say(line.rstrip())
            except BaseException:  # somebody pressed Ctrl-C, of which its session does not hear
                self.stop()
                raise
        with self._guard:
            self._process = None
            if self._is_stopped:
                raise CommandsStopped
        if process.returncode != 0:
            raise CommandFailed(command, process.returncode, last_lines)

    def _start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        with self._guard:
            if self._is_stopped:
                raise CommandsStopped
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
                pass_fds=() if self.held is None else (self.held,),
            )
            return self._process

    def stop(self) -> None:
        """End it all, now."""
        with self._guard:
            self._is_stopped = True
            if self._process is not None:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
