"""What all who follow events share: the hub, how Django is asked, and whether they still may.

Tokens are revoked and sessions end while somebody listens. So it is asked now and then who they
are, once for all who came with the same. Who came with nothing is nobody, and stays that.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from twisted.internet.defer import Deferred, DeferredList, inlineCallbacks
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from mini_buildd.daemon.django_call import BROKEN, Answered, thd_ask
from mini_buildd.daemon.event_hub import EventHub
from mini_buildd.flow.follow import Follow


@dataclass(frozen=True, slots=True)
class Asking:
    """How Django is asked, in threads of *pool*; *most* may follow at a time."""

    reactor: Any
    pool: ThreadPool
    application: Any
    most: int


class Known(Protocol):
    """Who came as somebody: *proof* is what they came with, in their request's *environ*."""

    proof: bytes
    environ: dict[str, Any]

    def learn(self, follow: Follow | None) -> None:
        """They are who *follow* says; with None, nobody that may follow any more."""


class EventDesk:
    """Where those who follow are kept."""

    check_seconds = 20.0

    def __init__(self, asking: Asking, hub: EventHub) -> None:
        self.hub = hub
        self.reactor = asking.reactor
        self._asking = asking
        self._known: dict[Known, None] = {}
        self._under_way: dict[Any, None] = {}
        self._check = LoopingCall(self._check_all)
        self._check.clock = asking.reactor

    @property
    def is_full(self) -> bool:
        """Whether nobody more may follow."""
        return len(self.hub) >= self._asking.most

    def ask(self, environ: dict[str, Any], then: Callable[[Answered], None]) -> None:
        """Ask Django, and go on with what it says."""
        work = self._ask(environ)
        work.addErrback(lambda _: BROKEN)
        work.addCallback(then)
        self._under_way[work] = None
        work.addBoth(self._over, work)

    def _over(self, result: Any, work: Any) -> Any:
        del self._under_way[work]
        return result

    def end(self) -> "Deferred[Any]":
        """The answer comes when all who have asked until now are answered."""
        return DeferredList(list(self._under_way))

    def _ask(self, environ: dict[str, Any]) -> Any:
        asking = self._asking
        return deferToThreadPool(asking.reactor, asking.pool, thd_ask, asking.application, environ)

    def note(self, known: Known) -> None:
        """Ask now and then who that is."""
        self._known[known] = None
        if not self._check.running:
            self._check.start(self.check_seconds, now=False)

    def forget(self, known: Known) -> None:
        """It is gone."""
        self._known.pop(known, None)
        if not self._known and self._check.running:
            self._check.stop()

    @inlineCallbacks
    def _check_all(self) -> Any:
        """Ask for one after the other."""
        alike: defaultdict[bytes, list[Known]] = defaultdict(list)
        for each in self._known:
            alike[each.proof].append(each)
        for group in alike.values():
            environ = {**group[0].environ, "QUERY_STRING": ""}
            environ.pop("HTTP_LAST_EVENT_ID", None)
            answered = yield self._ask(environ)
            for each in group:
                each.learn(answered.follow)
