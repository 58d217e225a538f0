"""Telling others what happens: by mail, by webhooks, and by the administrator's programs.

Each way has threads of its own, and each receiver a lane: whoever is slow or away delays nobody.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.threadpool import ThreadPool

from mini_buildd.bus.local import LocalBus
from mini_buildd.daemon.lanes import Lanes
from mini_buildd.daemon.step import Step
from mini_buildd.domain.event import EventKind
from mini_buildd.flow.announce import announce
from mini_buildd.flow.deliver import (
    Turn,
    deliver,
    due_programs,
    due_webhooks,
    forget_deliveries,
    run,
)
from mini_buildd.flow.letters import forget_letters, post
from mini_buildd.flow.site import Site
from mini_buildd.flow.tell import programs, tell
from mini_buildd.flow.troubles import Troubles
from mini_buildd.notify.program import Runner, RunStopped
from mini_buildd.notify.reach import parse
from mini_buildd.notify.webhook import Courier, CourierStopped

_SWEEP_SECONDS = 10.0
# A mail server that does not answer is left alone for so long.
_POST_AGAIN_SECONDS = 60.0
_COURIERS, _RUNNERS = 8, 2


class Notices:
    """The steps that tell others; *start* and *stop* are the reactor's."""

    def __init__(self, site: Site, troubles: Troubles, *, reactor: Any, bus: LocalBus) -> None:
        self._site, self._troubles = site, troubles
        settings = site.settings
        self._courier = Courier(parse(settings.webhooks.networks), settings.webhooks.seconds)
        self._runner = Runner(settings.hooks.seconds)
        self._faults: set[str] = set()
        self._post_not_before = 0.0
        # Threads are made when there is something to do, and most instances have nothing.
        self._tell_pool = ThreadPool(0, 1, "tell")
        self._mail_pool = ThreadPool(0, 1, "mail")
        self._courier_pool = ThreadPool(0, _COURIERS, "webhooks")
        self._runner_pool = ThreadPool(0, _RUNNERS, "hooks")
        self._tell = self._step("tell", self._thd_tell, self._tell_pool, reactor, bus)
        self._mail = self._step("mail", self._thd_mail, self._mail_pool, reactor, bus)
        bus.subscribe(tuple(EventKind), self.wake)
        self._webhooks = self._lanes("webhook", self._thd_deliver, self._courier_pool, reactor, bus)
        self._programs = self._lanes("hooks.d", self._thd_run, self._runner_pool, reactor, bus)

    @staticmethod
    def _step(
        name: str,
        thd_work: Callable[[], Iterable[EventKind]],
        pool: ThreadPool,
        reactor: Any,
        bus: LocalBus,
    ) -> Step:
        return Step(
            name, thd_work, reactor=reactor, pool=pool, bus=bus, sweep_seconds=_SWEEP_SECONDS
        )

    @staticmethod
    def _lanes(
        name: str,
        thd_work: Callable[[str], Iterable[EventKind]],
        pool: ThreadPool,
        reactor: Any,
        bus: LocalBus,
    ) -> Lanes:
        return Lanes(name, thd_work, reactor=reactor, pool=pool, bus=bus)

    @property
    def _pools(self) -> tuple[ThreadPool, ...]:
        return self._tell_pool, self._mail_pool, self._courier_pool, self._runner_pool

    def wake(self) -> None:
        """Something has happened, or somebody wants something sent; from any thread."""
        self._tell.wake()
        self._mail.wake()

    def start(self) -> None:
        """Tell what happened meanwhile, and what happens from now on."""
        for pool in self._pools:
            pool.start()
        self._tell.start()
        self._mail.start()

    def stop(self) -> Deferred[Any]:
        """Begin nothing new and end what waits for others; the answer comes when all has ended."""
        self._courier.stop()
        self._runner.stop()
        parts = (self._tell, self._mail, self._webhooks, self._programs)
        done: Deferred[Any] = DeferredList([part.stop() for part in parts])
        return done.addCallback(self._stopped)

    def _stopped(self, _: object) -> None:
        for pool in self._pools:
            if pool.started:
                pool.stop()

    # --- the work of each step ------------------------------------------------

    def _thd_tell(self) -> list[EventKind]:
        tell(self._site)
        self._note_faults()
        for webhook_id in due_webhooks(self._site):
            self._webhooks.wake(str(webhook_id))
        for name in due_programs(self._site):
            self._programs.wake(name)
        return []

    def _note_faults(self) -> None:
        """Programs that are not run for who could have written them."""
        found = {each.name: each.fault for each in programs(self._site) if each.fault}
        for name in self._faults - set(found):
            self._troubles.over(f"The hook {name}")
        for name, why in found.items():
            words = {"what": "is not run", "meanwhile": "Events are told to all others."}
            self._troubles.note(f"The hook {name}", why, **words)
        self._faults = set(found)

    def _thd_deliver(self, key: str) -> tuple[EventKind, ...]:
        try:
            turn = deliver(self._site, self._courier, int(key))
        except CourierStopped:
            return ()
        return self._ended(turn, self._webhooks, key)

    def _thd_run(self, key: str) -> tuple[EventKind, ...]:
        try:
            turn = run(self._site, self._runner, key)
        except RunStopped:
            return ()
        return self._ended(turn, self._programs, key)

    @staticmethod
    def _ended(turn: Turn, lanes: Lanes, key: str) -> tuple[EventKind, ...]:
        if turn.has_more:  # it goes to the end of the queue for threads
            lanes.wake(key)
        return turn.events

    def _thd_mail(self) -> list[EventKind]:
        announce(self._site)
        if time.monotonic() < self._post_not_before:
            return []
        posted = post(self._site)
        if posted.trouble:
            self._post_not_before = time.monotonic() + _POST_AGAIN_SECONDS
            words = {"what": "cannot be sent", "meanwhile": "It is kept, and tried again."}
            self._troubles.note("Mail", posted.trouble, **words)
        else:
            self._troubles.over("Mail")
        return []

    def thd_tidy(self) -> None:
        """Forget what was told long ago."""
        forget_deliveries(self._site)
        forget_letters(self._site)
