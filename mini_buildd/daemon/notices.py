"""Telling others what happens: by mail, by webhooks, and by the administrator's programs.

Each way has threads of its own, and each receiver a lane: whoever is slow or away delays nobody.
"""

import time
from collections.abc import Callable, Iterable

from twisted.python.threadpool import ThreadPool

from mini_buildd.daemon.ground import Ground
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
from mini_buildd.flow.letters import forget_letters, is_behind, post
from mini_buildd.flow.tell import programs, tell
from mini_buildd.notify.program import Runner, RunStopped
from mini_buildd.notify.reach import parse
from mini_buildd.notify.webhook import Courier, CourierStopped

_SWEEP_SECONDS = 10.0
# A mail server that does not answer is left alone for so long.
_POST_AGAIN_SECONDS = 60.0


class Notices:
    """The *steps* that tell others, and the *lanes* of their receivers."""

    def __init__(self, ground: Ground) -> None:
        self._site, self._troubles = ground.site, ground.troubles
        settings, pools = ground.settings, ground.pools
        self._courier = Courier(parse(settings.webhooks.networks), settings.webhooks.seconds)
        self._runner = Runner(settings.hooks.seconds)
        self._faults: set[str] = set()
        self._post_not_before = 0.0

        def step(name: str, work: Callable[[], Iterable[EventKind]], pool: ThreadPool) -> Step:
            return Step(
                name,
                work,
                reactor=ground.reactor,
                pool=pool,
                bus=ground.bus,
                sweep_seconds=_SWEEP_SECONDS,
                rounds=ground.rounds,
            )

        def lane(name: str, work: Callable[[str], Iterable[EventKind]], pool: ThreadPool) -> Lanes:
            return Lanes(name, work, reactor=ground.reactor, pool=pool, bus=ground.bus)

        self._tell = step("tell", self._thd_tell, pools.tell)
        self._mail = step("mail", self._thd_mail, pools.mail)
        self._webhooks = lane("webhook", self._thd_deliver, pools.couriers)
        self._programs = lane("hooks.d", self._thd_run, pools.runners)
        ground.bus.subscribe(tuple(EventKind), self.wake)

    @property
    def steps(self) -> tuple[Step, ...]:
        """What looks for something to tell."""
        return self._tell, self._mail

    @property
    def lanes(self) -> tuple[Lanes, ...]:
        """What tells it."""
        return self._webhooks, self._programs

    def wake(self) -> None:
        """Something has happened, or somebody wants something sent; from any thread."""
        self._tell.wake()
        self._mail.wake()

    def stop_waiting(self) -> None:
        """End what waits for others; what was not told is told after the next start."""
        self._courier.stop()
        self._runner.stop()

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
        elif not is_behind():  # else what is tried again in an hour would be no trouble until then
            self._troubles.over("Mail")
        return []

    def thd_tidy(self) -> None:
        """Forget what was told long ago."""
        forget_deliveries(self._site)
        forget_letters(self._site)
