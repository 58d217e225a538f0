"""Watching a build: its limits in time, output, memory and room, and whether it is to be cancelled.

Looked at some times a second, and at memory and room once a second. The kernel keeps what it can
keep by itself (the size of a tmpfs, the number of processes); what is left is measured here, so a
build may pass a limit by what it manages within a second.
"""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from mini_buildd.buildd.cell import Cell
from mini_buildd.buildd.phases import PhaseTimes
from mini_buildd.tools.sbuild import Ending
from mini_buildd.wire.task import BuildStatus, Limits

_MEASURE_SECONDS = 1.0
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Stopped(Exception):
    """The build is to end now; *ending* says as what."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.reason)
        self.ending = ending


def _fail(stage: str, reason: str) -> Stopped:
    return Stopped(Ending(BuildStatus.FAILED, stage, reason))


class Watch:
    """Follows one build whose output goes to *log*; *phases* is told of each look."""

    def __init__(self, log: Path, limits: Limits, phases: PhaseTimes) -> None:
        self._log = log
        self._limits = limits
        self._phases = phases
        self._began = self._said = time.monotonic()
        self._log_bytes = 0
        self._measured = 0.0
        self._cell: Cell | None = None
        self._measure_disk: Callable[[], int] | None = None
        self.peak_memory_bytes = 0
        self.disk_bytes = 0

    def over(self, cell: Cell, measure_disk: Callable[[], int]) -> None:
        """From now on the build is in *cell*, and *measure_disk* tells what it has written."""
        self._cell, self._measure_disk = cell, measure_disk

    def look(self) -> None:
        """Raise Stopped when a limit is passed."""
        self._phases.look(self._log)
        self._check_time_and_log()
        if time.monotonic() - self._measured < _MEASURE_SECONDS:
            return
        self._measured = time.monotonic()
        if self._cell is not None and self._measure_disk is not None:
            self._check_memory(self._cell)
            self._check_disk(self._measure_disk())

    def _check_time_and_log(self) -> None:
        now, limits = time.monotonic(), self._limits
        with suppress(FileNotFoundError):
            size = self._log.stat().st_size
            if size != self._log_bytes:
                self._log_bytes, self._said = size, now
        if limits.log_bytes and self._log_bytes > limits.log_bytes:
            raise _fail("log", f"its log grew past {limits.log_bytes >> 20} MB")
        if limits.minutes and now - self._began > limits.minutes * 60:
            raise _fail("time", f"it took longer than {limits.minutes} minutes")
        if limits.silent_minutes and now - self._said > limits.silent_minutes * 60:
            raise _fail("silence", f"its log said nothing for {limits.silent_minutes} minutes")

    def _check_memory(self, cell: Cell) -> None:
        used = memory_of(cell)
        self.peak_memory_bytes = max(self.peak_memory_bytes, used)
        if self._limits.memory_bytes and used > self._limits.memory_bytes:
            raise _fail(
                "memory", f"it used more than {self._limits.memory_bytes >> 20} MB of memory"
            )

    def _check_disk(self, used: int) -> None:
        self.disk_bytes = max(self.disk_bytes, used)
        if self._limits.disk_bytes and used > self._limits.disk_bytes:
            raise _fail("disk", f"it wrote more than {self._limits.disk_bytes >> 20} MB")


def not_kept(limits: Limits, *, in_cell: bool) -> tuple[str, ...]:
    """Which of *limits* nobody keeps, or only roughly, a sentence each."""
    if not in_cell:
        wanted = {
            "memory": limits.memory_bytes,
            "room": limits.disk_bytes,
            "processes": limits.processes,
        }
        names = [name for name, limit in wanted.items() if limit]
        return (f"not limited in a session of schroot: {', '.join(names)}",) if names else ()
    if limits.memory_bytes:
        return ("memory is looked at once a second; a build may take more in between",)
    return ()


def memory_of(cell: Cell) -> int:
    """Bytes that the processes of *cell* have in memory; what they share is counted again."""
    total = 0
    for entry in _processes(cell.proc):
        with suppress(OSError, IndexError, ValueError):
            total += int((entry / "statm").read_text(encoding="ascii").split()[1])
    return total * _PAGE_BYTES


def _processes(proc: Path) -> list[Path]:
    try:
        return [entry for entry in proc.iterdir() if entry.name.isdecimal()]
    except OSError:  # it has just ended
        return []


def stop_on_signal(signal_number: int = signal.SIGTERM) -> None:
    """Let the first such signal end the build as cancelled; later ones change nothing."""

    def stop(*_: Any) -> None:
        signal.signal(signal_number, signal.SIG_IGN)
        raise Stopped(Ending(BuildStatus.CANCELLED, "", "cancelled"))

    signal.signal(signal_number, stop)
