"""What the daemon's steps have done last, for people to see: when, for how long, how it ended.

It is kept in memory only: each step begins anew when the daemon starts.
"""

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mini_buildd.kit.clock import Clock


@dataclass(frozen=True, slots=True)
class Round:
    """The last run of the step called *name*; *seconds* is None while the first one goes on."""

    name: str
    sweep_seconds: float
    begun_at: datetime | None = None
    seconds: float | None = None
    is_running: bool = False
    problem: str = ""
    count: int = 0
    failures: int = 0

    @property
    def next_at(self) -> datetime | None:
        """When it looks again by itself, if nothing makes it look before."""
        if self.begun_at is None:
            return None
        return self.begun_at + timedelta(seconds=self.sweep_seconds)


class Rounds:
    """The last run of each step; for any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[str, Round] = {}

    def begin(self, name: str, sweep_seconds: float) -> None:
        """The step called *name*, which runs every so often, begins."""
        with self._lock:
            known = self._found.get(name) or Round(name, sweep_seconds)
            self._found[name] = replace(known, begun_at=self._clock(), is_running=True)

    def end(self, name: str, problem: str = "") -> None:
        """It has ended, well or with a *problem*."""
        with self._lock:
            known = self._found.get(name)
            if known is None or known.begun_at is None:
                return
            self._found[name] = replace(
                known,
                seconds=(self._clock() - known.begun_at).total_seconds(),
                is_running=False,
                problem=problem,
                count=known.count + 1,
                failures=known.failures + bool(problem),
            )

    def listing(self) -> list[Round]:
        """All there are, in the order in which they first ran."""
        with self._lock:
            return list(self._found.values())
