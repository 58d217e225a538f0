"""Telling one process from another that got the same number later.

A pid alone is reused; a pid with its start time and the boot it lives in is not
(proc(5): field 22 of /proc/PID/stat; random/boot_id).
"""

import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process of one boot of this machine."""

    pid: int
    start_ticks: int
    boot_id: str


def boot_id() -> str:
    """The random name of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def identify(pid: int) -> ProcessIdentity | None:
    """Who *pid* is now, or None when there is no such (living) process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command name stands in parentheses and may hold anything, so count from the last one.
    fields = stat.rpartition(")")[2].split()
    state, start_ticks = fields[0], int(fields[19])
    if state in ("Z", "X"):
        return None
    return ProcessIdentity(pid, start_ticks, boot_id())


def is_alive(identity: ProcessIdentity) -> bool:
    """Whether just this process still runs."""
    return identify(identity.pid) == identity


def open_pidfd(identity: ProcessIdentity) -> int | None:
    """A descriptor that becomes readable when just this process ends; None when it has ended."""
    try:
        descriptor = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return None
    # Only now is the pid pinned: look again whether it is still the same process.
    if is_alive(identity):
        return descriptor
    os.close(descriptor)
    return None


def send_signal(identity: ProcessIdentity, number: signal.Signals) -> bool:
    """Send the signal to just this process; whether it was still there, and ours."""
    descriptor = open_pidfd(identity)
    if descriptor is None:
        return False
    try:
        signal.pidfd_send_signal(descriptor, number)
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        os.close(descriptor)
    return True


class CommandFailed(Exception):
    """A command ended with a status other than 0; the text ends with *said*, its last lines."""

    def __init__(self, command: Sequence[str], status: int, last_lines: Sequence[str]) -> None:
        self.said = "\n".join(f"  {line}" for line in last_lines)
        super().__init__(f"{command[0]} ended with status {status}\n{self.said}")
        self.status = status


def run_following(
    command: Sequence[str], say: Callable[[str], None], *, folder: Path | None = None
) -> None:
    """Run *command* to its end in *folder*, handing each line of its output to *say* as it comes.

    Raises CommandFailed, or OSError when it cannot be started.
    """
    last_lines: deque[str] = deque(maxlen=12)
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            last_lines.append(line.rstrip())
            say(line.rstrip())
    if process.returncode != 0:
        raise CommandFailed(command, process.returncode, last_lines)
