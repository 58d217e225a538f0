"""Wake-ups within one process.

A message here says only "look again": the database is the record, and a lost one delays work until
the next sweep. So a topic is an event's kind, and there is no content.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable

from mini_buildd.domain.event import EventKind


class LocalBus:
    """Hands each event's kind to those who want to look again; thread-safe after the set-up."""

    def __init__(self) -> None:
        self._listeners: defaultdict[EventKind, list[Callable[[], None]]] = defaultdict(list)

    def subscribe(self, kinds: Iterable[EventKind], wake: Callable[[], None]) -> None:
        """Call *wake* after each event of these *kinds*; it must return at once."""
        for kind in kinds:
            self._listeners[kind].append(wake)

    def publish(self, kinds: Iterable[EventKind]) -> None:
        """Wake everybody who listens to any of *kinds*, each once."""
        wakes = dict.fromkeys(wake for kind in kinds for wake in self._listeners[kind])
        for wake in wakes:
            wake()
