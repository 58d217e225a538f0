"""Answers that are found in a thread, and hold for some seconds: asked often, found seldom."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred, succeed
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

Found = TypeVar("Found")


class Fresh(Generic[Found]):
    """What *thd_find* gives, at most *seconds* old; of many who ask at once, one has it found."""

    def __init__(
        self, thd_find: Callable[[], Found], seconds: float, *, reactor: Any, pool: ThreadPool
    ) -> None:
        self._thd_find, self._seconds = thd_find, seconds
        self._reactor, self._pool = reactor, pool
        self._found: tuple[float, Found] | None = None
        self._waiting: list[Deferred[Found]] = []

    def ask(self) -> "Deferred[Found]":
        """The answer; or the failure to find it."""
        if self._found is not None and self._reactor.seconds() - self._found[0] < self._seconds:
            return succeed(self._found[1])
        # It may be cancelled, by who does not want to wait any longer; the others go on to.
        mine: Deferred[Found] = Deferred(self._waiting_no_more)
        self._waiting.append(mine)
        if len(self._waiting) == 1:
            finding: Deferred[Found] = deferToThreadPool(self._reactor, self._pool, self._thd_find)
            finding.addCallback(self._keep)
            finding.addBoth(self._tell)
        return mine

    def _waiting_no_more(self, who: "Deferred[Found]") -> None:
        del who  # what is found is told it all the same, and goes nowhere

    def _keep(self, found: Found) -> Found:
        self._found = (self._reactor.seconds(), found)
        return found

    def _tell(self, found: Any) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.called:
                each.callback(found)
