"""A step of the journey as a service: the one bridge between the reactor and the pool threads.

Its work runs in a pool thread, never twice at once: when woken, once more when it was woken while
it ran, and every so often by itself, since a wake-up may get lost.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from mini_buildd.bus.local import LocalBus
from mini_buildd.daemon.pulse import StepWatch
from mini_buildd.db.connect import in_thread
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.problem import Problem
from mini_buildd.flow.rounds import Rounds
from mini_buildd.kit.full_disk import is_full_disk
from mini_buildd.kit.log_fields import logged_with

_log = logging.getLogger(__name__)


class Step:
    """Named work of the daemon; *thd_work* runs in a thread and gives the events it made."""

    def __init__(
        self,
        name: str,
        thd_work: Callable[[], Iterable[EventKind]],
        *,
        reactor: Any,
        pool: ThreadPool,
        bus: LocalBus,
        sweep_seconds: float,
        watch: StepWatch | None = None,
        rounds: Rounds | None = None,
        label: str = "",
    ) -> None:
        self.name = name
        self._label = label or name  # what all of its kind are called
        self._watch = watch or StepWatch()
        self._rounds = rounds
        self._thd_work = thd_work
        self._reactor = reactor
        self._pool = pool
        self._bus = bus
        self._is_woken = False
        self._told = ""
        self._running: Deferred[None] | None = None
        self._is_stopped = False
        self._later: Any = None
        self._sweep_seconds = sweep_seconds
        self._sweep = LoopingCall(self._wake)
        self._sweep.clock = reactor

    def start(self) -> None:
        """Do the work now and from now on."""
        self._sweep.start(self._sweep_seconds)

    def stop(self) -> Deferred[None]:
        """Begin nothing new; the answer comes when what runs has ended."""
        self._is_stopped = True
        if self._sweep.running:
            self._sweep.stop()
        if self._later is not None and self._later.active():
            self._later.cancel()
        return self._running or succeed(None)

    def wake(self) -> None:
        """Look again soon; from any thread."""
        self._reactor.callFromThread(self._wake)

    def wake_in(self, seconds: float) -> None:
        """Look again after that time, or sooner if that was asked for; from any thread."""
        self._reactor.callFromThread(self._wake_in, seconds)

    def _wake_in(self, seconds: float) -> None:
        # One timer is enough: were there one for each who asks, each run would start more of them.
        if self._later is not None and self._later.active():
            if self._later.getTime() <= self._reactor.seconds() + seconds:
                return
            self._later.cancel()
        if not self._is_stopped:
            self._later = self._reactor.callLater(seconds, self._wake)

    def _wake(self) -> None:
        self._is_woken = True
        if self._running is None and not self._is_stopped:
            self._run()

    def _run(self) -> None:
        self._is_woken = False
        done: Deferred[None] = Deferred()
        self._running = done
        self._watch.began(self.name, self._label)
        work = deferToThreadPool(self._reactor, self._pool, self._thd_run)
        work.addCallbacks(self._succeeded, self._failed)
        work.addBoth(self._ended, done)

    def _thd_run(self) -> list[EventKind]:
        if self._rounds is None:
            return self._thd_do()
        self._rounds.begin(self.name, self._sweep_seconds)
        try:
            events = self._thd_do()
        except BaseException as error:
            self._rounds.end(self.name, str(error).partition("\n")[0] or type(error).__name__)
            raise
        self._rounds.end(self.name)
        return events

    def _thd_do(self) -> list[EventKind]:
        with in_thread(), logged_with(step=self.name):
            return list(self._thd_work())

    def _succeeded(self, events: list[EventKind]) -> None:
        self._watch.ended(self.name, is_good=True)
        if self._told:
            self._told = ""
            with logged_with(step=self.name):
                _log.info("%s goes on", self.name)
        self._bus.publish(events)

    def _failed(self, failure: Failure) -> None:
        """A Problem says all in a line, and so does a full disk: told once, however often met."""
        self._watch.ended(self.name, is_good=False)
        error: Any = failure.value
        if not isinstance(error, Problem) and not is_full_disk(error):
            said = f"\n{failure.getTraceback()}"
        elif (said := f" {error}") == self._told:
            return
        self._told = said
        with logged_with(step=self.name):
            _log.error("%s failed; it is tried again by itself:%s", self.name, said)

    def _ended(self, _: object, done: Deferred[None]) -> None:
        self._running = None
        if self._is_woken and not self._is_stopped:
            self._run()
        done.callback(None)
