"""What cannot be done at present and is tried again and again: for people to see.

It is kept in memory only: whatever tries again after a restart meets the same trouble, or none.
"""

import threading
from dataclasses import dataclass
from datetime import datetime

from mini_buildd.kit.clock import Clock


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is the matter with *name*, why, and what holds meanwhile; *since* it was tried first."""

    name: str
    why: str
    since: datetime
    what: str = "cannot be published"
    meanwhile: str = "What was published before is served as it was."


class Troubles:
    """Mostly suites that cannot be published at present; for any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[str, Trouble] = {}

    def note(self, name: str, why: str, **words: str) -> None:
        """The suite called *name* cannot be published now, or what the *words* say of it."""
        with self._lock:
            known = self._found.get(name)
            since = known.since if known else self._clock()
            self._found[name] = Trouble(name, why, since, **words)

    def over(self, name: str) -> None:
        """It is over."""
        with self._lock:
            self._found.pop(name, None)

    def listing(self) -> list[Trouble]:
        """All there are, by name."""
        with self._lock:
            return [self._found[name] for name in sorted(self._found)]
