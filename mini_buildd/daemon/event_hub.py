"""Tells all who listen of new events: one read for all of them, however many there are.

Whoever records an event wakes the hub; what comes meanwhile is read with the next look. A look is
one question in one pool thread. Other processes record events as well (the administrator's command
line), so while anybody listens it also looks by itself.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from mini_buildd.daemon.event_ring import EventRing
from mini_buildd.domain.event_row import EventRow

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
# What comes while so much time passes is told together.
_GATHER_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class News:
    """What a look found: events after a number, up to *newest*; *private* are repositories."""

    rows: tuple[EventRow, ...]
    newest: int
    private: frozenset[str]
    has_more: bool = False


class Listener(Protocol):
    """Somebody who is told; *position* is the number of the event up to which they were."""

    position: int

    def tell(self) -> None:
        """There may be something after that."""

    def beat(self) -> None:
        """Some seconds have passed."""

    def close(self) -> None:
        """The daemon ends."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where news come from: *thd_read* is asked in threads of *pool*, and *encode* makes texts."""

    reactor: Any
    pool: ThreadPool
    thd_read: Callable[[int], News]
    encode: Callable[[EventRow], bytes]


class EventHub:
    """All who listen, and what there is for them."""

    beat_seconds = 15.0

    def __init__(self, source: Source) -> None:
        self._source = source
        self.ring = EventRing(0, source.encode)
        self.private: frozenset[str] = frozenset()
        self._listeners: dict[Listener, None] = {}
        self._expected: dict[Listener, None] = {}
        self._is_reading = False
        self._is_woken = False
        self._is_stopped = False
        self._sweep = self._call(self._wake)
        self._beat = self._call(self._tell_time)

    def _call(self, what: Callable[[], None]) -> LoopingCall:
        call = LoopingCall(what)
        call.clock = self._source.reactor
        return call

    def __len__(self) -> int:
        """How many listen, or will."""
        return len(self._listeners) + len(self._expected)

    def expect(self, listener: Listener) -> None:
        """*listener* is told what was by somebody else, and is added then.

        Until then it hears only how time passes, and when the daemon ends.
        """
        self._expected[listener] = None
        self._keep_time()

    def _keep_time(self) -> None:
        if not self._beat.running:
            self._beat.start(self.beat_seconds, now=False)

    def add(self, listener: Listener) -> None:
        """Tell *listener* of what comes after its position."""
        if self._is_stopped:  # its request was under way when all others were told of the end
            listener.close()
            return
        if not self._listeners:
            # Nobody has listened, so nothing was read; before the first one, nothing needs to be.
            self.ring = EventRing(listener.position, self._source.encode)
            self._sweep.start(_LOOK_SECONDS, now=False)
        self._keep_time()
        self._expected.pop(listener, None)
        self._listeners[listener] = None
        listener.tell()
        self._wake()

    def remove(self, listener: Listener) -> None:
        """Tell it no more."""
        self._listeners.pop(listener, None)
        self._expected.pop(listener, None)
        if not self._listeners and self._sweep.running:
            self._sweep.stop()
        if not len(self) and self._beat.running:
            self._beat.stop()

    def wake(self) -> None:
        """There are new events; from any thread."""
        self._source.reactor.callFromThread(self._wake)

    def stop(self) -> None:
        """Everybody is told that the daemon ends, and who comes now as well."""
        self._is_stopped = True
        for listener in self._all():
            listener.close()
            self.remove(listener)

    def _all(self) -> list[Listener]:
        return [*self._listeners, *self._expected]

    def _wake(self) -> None:
        self._is_woken = True
        self._go_on()

    def _go_on(self) -> None:
        if self._is_woken and self._listeners and not self._is_reading:
            self._is_reading = True
            self._source.reactor.callLater(_GATHER_SECONDS, self._read)

    def _read(self) -> None:
        self._is_woken = False
        ring = self.ring
        work = deferToThreadPool(
            self._source.reactor, self._source.pool, self._source.thd_read, ring.newest
        )
        work.addCallback(self._learn, ring)
        work.addErrback(self._failed)
        work.addBoth(self._ended)

    def _learn(self, news: News, ring: EventRing) -> None:
        self.private = news.private
        if ring is not self.ring:  # all have gone meanwhile, and others have come
            self._is_woken = True
            return
        ring.add(news.rows, news.newest)
        self._is_woken = self._is_woken or news.has_more
        if news.rows:
            for listener in list(self._listeners):
                if listener in self._listeners:
                    self._tell(listener, listener.tell)

    def _tell(self, listener: Listener, tell: Callable[[], None]) -> None:
        try:
            tell()
        except Exception:  # noqa: BLE001  # what is wrong with one is nothing to the others
            _log.exception("cannot tell one who listens")
            self.remove(listener)

    def _failed(self, failure: Failure) -> None:
        _log.error("cannot read what has happened; it is tried again: %s", failure.value)

    def _ended(self, _: object) -> None:
        self._is_reading = False
        self._go_on()

    def _tell_time(self) -> None:
        for listener in self._all():
            self._tell(listener, listener.beat)
