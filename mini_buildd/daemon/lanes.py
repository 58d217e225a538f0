"""Work that is done for each of many keys side by side, and for one key never twice at once."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.threadpool import ThreadPool

from mini_buildd.bus.local import LocalBus
from mini_buildd.daemon.pulse import StepWatch
from mini_buildd.daemon.step import Step
from mini_buildd.domain.event import EventKind

# Whoever wakes a lane looks for work much more often.
_SWEEP_SECONDS = 24 * 3600.0


class Lanes:
    """A step of its own for each key; *thd_work* runs in a thread and gives the events it made."""

    def __init__(
        self,
        name: str,
        thd_work: Callable[[str], Iterable[EventKind]],
        *,
        reactor: Any,
        pool: ThreadPool,
        bus: LocalBus,
        watch: StepWatch | None = None,
    ) -> None:
        self._watch = watch
        self._name, self._thd_work = name, thd_work
        self._reactor, self._pool, self._bus = reactor, pool, bus
        self._steps: dict[str, Step] = {}
        self._is_stopped = False

    def wake(self, key: str) -> None:
        """There is something to do for *key*; from any thread."""
        self._reactor.callFromThread(self._wake, key)

    def _wake(self, key: str) -> None:
        if self._is_stopped:
            return
        if key in self._steps:
            self._steps[key].wake()
            return
        step = self._steps[key] = Step(
            f"{self._name} {key}",
            partial(self._thd_work, key),
            reactor=self._reactor,
            pool=self._pool,
            bus=self._bus,
            sweep_seconds=_SWEEP_SECONDS,
            watch=self._watch,
            label=f"{self._name} suites",
        )
        step.start()

    def stop(self) -> Deferred[Any]:
        """Begin nothing new; the answer comes when all that runs has ended."""
        self._is_stopped = True
        return DeferredList([step.stop() for step in self._steps.values()])
