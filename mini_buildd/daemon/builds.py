"""The builder inside the daemon: what it does each time it is woken."""

import logging
import time
from collections.abc import Callable, Iterable
from functools import partial
from threading import Lock

from mini_buildd.buildd.builder import Builder, Life, Sighting
from mini_buildd.buildd.layers import Layers
from mini_buildd.buildd.sweep import remove_folder
from mini_buildd.db.models import Attempt
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.problem import ResultRefused
from mini_buildd.flow.assign import assign
from mini_buildd.flow.enlist import enlist
from mini_buildd.flow.keep_lease import expire_lease, late_attempts, renew
from mini_buildd.flow.report import note_lost, note_started, report
from mini_buildd.flow.set_aside import slots_given
from mini_buildd.flow.site import Site
from mini_buildd.flow.sweep import attempts_under_way, each, ended_attempts
from mini_buildd.kit.process import ProcessIdentity

_log = logging.getLogger(__name__)

_DAY_SECONDS = 24 * 3600
_LOOK_AGAIN_SECONDS = 0.1
_SWEEP_AGAIN_SECONDS = 0.5
# Whoever cancels may do so from another process, which cannot wake us.
_LOOK_FOR_CANCELS_SECONDS = 2.0


class LocalBuilds:
    """Follows the attempts of this machine's builder and takes up new ones."""

    def __init__(
        self,
        site: Site,
        builder: Builder,
        *,
        host: str,
        watch: Callable[[ProcessIdentity], None],
        look_again: Callable[[float], None],
    ) -> None:
        self._site = site
        self._builder = builder
        self._host = host
        self._watch = watch
        self._look_again = look_again
        self._ended: list[str] = []  # the tokens of attempts, found in this run
        self._leaving: set[str] = set()  # those that may hold something
        self._sweeping = Lock()

    def thd_work(self) -> list[EventKind]:
        """See what became of the running builds, then fill the free slots."""
        events = self._follow_all()
        expire = partial(expire_lease, self._site)
        events += each("a lease", late_attempts(self._site, but_of=self._host), expire)
        events += self._take_up()
        self._sweep(self._ended)
        self._ended.clear()
        return events

    def thd_tidy(self) -> None:
        """Give back what ended attempts hold, should a crash have kept us from it; old layers."""
        self._sweep(ended_attempts(self._builder.holding()))
        self._builder.drop_left_debugging()
        settings, places = self._site.settings.builder, self._site.places
        unused = Layers(places.layers).unused(
            settings.layers_mb << 20, settings.layers_days * _DAY_SECONDS, time.time()
        )
        for folder in unused:
            remove_folder(folder)

    def _follow_all(self) -> list[EventKind]:
        alive: list[Attempt] = []

        def follow(attempt: Attempt) -> list[EventKind]:
            sighting = self._builder.look(attempt.token)
            if sighting.life in (Life.STARTING, Life.RUNNING):
                alive.append(attempt)
            return self._follow(attempt, sighting)

        events = each("following a build", attempts_under_way(self._host), follow)
        renew(self._site, alive)
        if alive:
            self._look_again(_LOOK_FOR_CANCELS_SECONDS)
        return events

    def _follow(self, attempt: Attempt, sighting: Sighting) -> list[EventKind]:
        is_alive = sighting.life in (Life.STARTING, Life.RUNNING)
        if is_alive and attempt.cancel_requested_at is not None:
            self._builder.cancel(attempt.token)
            self._look_again(_LOOK_AGAIN_SECONDS)
        if sighting.life is Life.STARTING:
            self._look_again(_LOOK_AGAIN_SECONDS)
            return []
        try:
            events = self._note(attempt, sighting)
        except ResultRefused as refusal:
            events = note_lost(self._site, attempt, str(refusal), stage="refused")
        if sighting.process is not None:
            self._watch(sighting.process)
        else:
            self._ended.append(attempt.token)
        return events

    def _note(self, attempt: Attempt, sighting: Sighting) -> list[EventKind]:
        """Write down what was seen; raises ResultRefused."""
        events = []
        if sighting.started_at:
            events += note_started(self._site, attempt, sighting.started_at)
        if sighting.result is not None:
            folder = self._builder.folder(attempt.token)
            events += report(self._site, attempt, sighting.result, folder.results)
        elif sighting.life is Life.LOST:
            reason = "the build's process vanished without a result"
            events += note_lost(self._site, attempt, reason)
        return events

    def _take_up(self) -> list[EventKind]:
        enlist(self._site, self._host)
        settings = self._site.settings.builder
        free_slots = settings.slots - len(attempts_under_way(self._host))
        free_slots = slots_given(self._site, self._host, free_slots)
        if free_slots <= 0:
            return []
        assigned = assign(
            self._site, builder=self._host, backend=settings.backend, free_slots=free_slots
        )
        for task in assigned.tasks:
            try:
                self._builder.start(task)
            except OSError:
                _log.exception("starting the build of %s failed", task.source)  # it counts as lost
        if assigned.tasks:
            self._look_again(_LOOK_AGAIN_SECONDS)
        return list(assigned.events)

    def _sweep(self, ended: Iterable[str]) -> None:
        """Let nothing be left of what has *ended*; what does not go at once is seen to later."""
        with self._sweeping:
            self._leaving.update(ended)
            for token in sorted(self._leaving):
                if self._builder.sweep(token):
                    self._builder.forget(token)
                    self._leaving.discard(token)
                else:
                    self._look_again(_SWEEP_AGAIN_SECONDS)
