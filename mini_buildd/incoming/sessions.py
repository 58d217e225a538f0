"""Who is connected, so that nobody waits for files that can no longer come.

An upload is complete when all its files are there, never on a timer. But once the last connection
of the peer that brought the .changes is gone, what is missing will stay so.
"""

import threading
from collections import Counter
from dataclasses import dataclass

from mini_buildd.incoming.spool import Arrival


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many connections there may be at a time."""

    in_all: int = 200
    per_peer: int = 100


class Sessions:
    """Open connections by peer, and which peer brought what; used from any thread."""

    def __init__(self, bounds: Bounds = Bounds()) -> None:  # it is frozen
        self._bounds = bounds
        self._lock = threading.Lock()
        self._open: Counter[str] = Counter()
        self._brought_by: dict[str, str] = {}

    def may_begin(self, peer: str) -> bool:
        """Whether there may be one more connection, and one of *peer*."""
        with self._lock:
            return (
                self._open.total() < self._bounds.in_all
                and self._open[peer] < self._bounds.per_peer
            )

    def begin(self, peer: str) -> None:
        """A connection of *peer* is open."""
        with self._lock:
            self._open[peer] += 1

    def end(self, peer: str) -> None:
        """A connection of *peer* is closed."""
        with self._lock:
            self._open[peer] -= 1
            if self._open[peer] > 0:
                return
            del self._open[peer]
            gone = [token for token, each in self._brought_by.items() if each == peer]
            for token in gone:
                del self._brought_by[token]

    def count(self) -> int:
        """How many connections are open."""
        with self._lock:
            return self._open.total()

    def brings(self, peer: str, token: str) -> None:
        """What will be told by *token* comes over a connection of *peer*.

        To be called before it is in the spool: whoever looks there at once is to know.
        """
        with self._lock:
            if peer in self._open:
                self._brought_by[token] = peer

    def can_follow(self, arrival: Arrival) -> bool:
        """Whether more may come from where *arrival* came from."""
        with self._lock:
            return arrival.token in self._brought_by
