"""The steps of the journey, and who wakes them: what the daemon does by itself."""

import socket
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.threadpool import ThreadPool

from mini_buildd.buildd.builder import Builder
from mini_buildd.daemon.builds import LocalBuilds
from mini_buildd.daemon.ground import Ground
from mini_buildd.daemon.lanes import Lanes
from mini_buildd.daemon.notices import Notices
from mini_buildd.daemon.step import Step
from mini_buildd.daemon.watch import ProcessWatch
from mini_buildd.db.connect import analyze
from mini_buildd.domain.event import EventKind
from mini_buildd.flow import hosted
from mini_buildd.flow.catalogue import keep_catalogue
from mini_buildd.flow.chroot import Workshop
from mini_buildd.flow.expire import expire
from mini_buildd.flow.keys import watch_keys
from mini_buildd.flow.measure import measure
from mini_buildd.flow.refresh import refresh_chroots
from mini_buildd.flow.release import JUDGED_AFTER, release_all
from mini_buildd.flow.spread_keyring import spread_keyring, wanting_suites
from mini_buildd.flow.sweep import (
    catch_up,
    decide_all,
    each,
    fetch_origs,
    judge_all,
    suites_behind,
    take_in,
)
from mini_buildd.flow.tidy import tidy
from mini_buildd.flow.uploader_keys import watch_uploader_keys
from mini_buildd.flow.watched import WatchedFolder
from mini_buildd.kit.commands import Commands, CommandsStopped
from mini_buildd.web.sessions import forget_old_sessions

_SWEEP_SECONDS = 10.0
_WATCH_SECONDS = 3.0
_MINUTE_SECONDS = 60.0
_HOUR_SECONDS = 3600.0


class Steps:
    """All steps of one daemon."""

    def __init__(self, ground: Ground) -> None:
        self._ground, self._site = ground, ground.site
        self._is_stopping = False
        self._orig_commands = Commands()
        self._chroot_commands = Commands(is_nice=True)
        self._watch = ProcessWatch(ground.reactor, self._wake_builds)
        self._builds = LocalBuilds(
            ground.site,
            Builder(ground.places.builds),
            host=ground.settings.builder.host or socket.gethostname(),
            watch=self._watch.watch,
            look_again=self._look_at_builds_in,
        )
        self._watched = [WatchedFolder(each) for each in ground.settings.watch]
        self._make_steps()

    def start(self) -> None:
        """Do all that is to be done, and go on doing so."""
        for step in self._steps:
            step.start()

    def stop(self) -> "Deferred[Any]":
        """Begin nothing new; the answer comes when all that runs has ended."""
        self._is_stopping = True
        self._chroot_commands.stop()
        self._orig_commands.stop()
        self._site.digests.stop()
        self._notices.stop_waiting()
        lanes = (self._suites, *self._notices.lanes)
        ends: list[Deferred[Any]] = [step.stop() for step in (*self._steps, *lanes)]
        stopped = DeferredList(ends)
        stopped.addCallback(lambda _: self._watch.stop())
        return stopped

    def wake_intake(self) -> None:
        """Something has arrived; from any thread."""
        self._intake.wake()

    def wake_deciders(self) -> None:
        """Somebody has decided something on a page; from any thread."""
        self._publish.wake()
        self._build.wake()
        self._notices.wake()
        self._chroots.wake()

    def wake_step(self, name: str) -> bool:
        """Let the step of that name look now; whether there is one. From any thread."""
        found = [step for step in self._steps if step.name == name]
        for step in found:
            step.wake()
        return bool(found)

    def _make_steps(self) -> None:
        self._make_steps_in()
        self._make_steps_out()
        self._make_steps_beside()
        self._steps = (
            self._intake,
            self._hash,
            self._origs,
            self._build,
            self._order,
            self._publish,
            *self._notices.steps,
            self._keyring,
            self._catalogue,
            self._tidy,
            self._measure,
            self._chroots,
            *((self._watch_folders,) if self._watched else ()),
        )

    def _make_steps_in(self) -> None:
        """From what arrives to planned jobs."""
        self._watch_folders = self._step(
            "watched folders", self._thd_watch_folders, (), sweep_seconds=_WATCH_SECONDS
        )
        self._intake = self._step(
            "intake",
            self._thd_intake,
            (EventKind.UPLOAD_ARRIVED, EventKind.UPLOAD_COMPLETED, EventKind.KEYRING_UPLOADED),
        )
        # Large files take long to be hashed; nor does a slow mirror keep anything else waiting.
        self._hash = self._step("hash", self._thd_hash, (), pool=self._ground.pools.hashes)
        self._origs = self._step(
            "origs", self._thd_origs, (EventKind.UPLOAD_WAITS,), pool=self._ground.pools.origs
        )

    def _make_steps_out(self) -> None:
        """From planned jobs to published suites."""
        self._build = self._step(
            "build",
            self._builds.thd_work,
            (
                EventKind.JOB_PLANNED,
                EventKind.JOB_RELEASED,
                EventKind.JOB_LOST,
                EventKind.CHROOT_MADE,
                EventKind.JOB_RETRIED,
                EventKind.JOB_CANCELLED,
                EventKind.BUILDER_RETURNED,
            ),
        )
        # What waits for others goes on by what happens to those.
        self._order = self._step("order", self._thd_order, JUDGED_AFTER)
        self._publish = self._step(
            "publish",
            self._thd_publish,
            (EventKind.JOB_SUCCEEDED, EventKind.JOB_FAILED, EventKind.JOB_CANCELLED),
        )
        # A large suite that is written anew keeps no other waiting.
        self._suites = Lanes(
            "publish",
            self._thd_catch_up,
            reactor=self._ground.reactor,
            pool=self._ground.pools.suites,
            bus=self._ground.bus,
            watch=self._ground.pulse.steps,
        )

    def _make_steps_beside(self) -> None:
        """What follows from all that, or from the clock."""
        self._notices = Notices(self._ground)
        self._keyring = self._step(
            "keyring",
            self._thd_keyring,
            (EventKind.SUITE_PUBLISHED, EventKind.KEY_ROTATED, EventKind.KEY_RETIRED),
            sweep_seconds=_MINUTE_SECONDS,
        )
        # Nobody waits for it, and it says only what the database does.
        self._catalogue = self._step(
            "catalogue",
            self._thd_catalogue,
            (EventKind.SUITE_PUBLISHED,),
            sweep_seconds=_MINUTE_SECONDS,
        )
        self._tidy = self._step("tidy", self._thd_tidy, (), sweep_seconds=_HOUR_SECONDS)
        self._measure = self._step("measure", self._thd_measure, (), sweep_seconds=_MINUTE_SECONDS)
        # It takes a minute or many, and nothing waits for it.
        self._chroots = self._step(
            "chroots", self._thd_chroots, (), pool=self._ground.pools.chroots
        )

    def _step(
        self,
        name: str,
        thd_work: Callable[[], Iterable[EventKind]],
        kinds: Iterable[EventKind],
        sweep_seconds: float = _SWEEP_SECONDS,
        pool: ThreadPool | None = None,
    ) -> Step:
        step = Step(
            name,
            thd_work,
            reactor=self._ground.reactor,
            pool=pool or self._ground.pools.flow,
            bus=self._ground.bus,
            sweep_seconds=sweep_seconds,
            watch=self._ground.pulse.steps,
            rounds=self._ground.rounds,
        )
        self._ground.bus.subscribe(kinds, step.wake)
        return step

    # --- the work of each step ------------------------------------------------

    def _thd_intake(self) -> list[EventKind]:
        events = take_in(self._site, self._ground.sessions.can_follow)
        if self._site.digests.is_wanting():
            self._hash.wake()
        return events

    def _thd_hash(self) -> list[EventKind]:
        if self._site.digests.hash_wanted():
            self._intake.wake()
        return []

    def _thd_origs(self) -> list[EventKind]:
        return fetch_origs(self._site, self._orig_commands)

    def _thd_order(self) -> list[EventKind]:
        return release_all(self._site, lambda: not self._is_stopping)

    def _thd_publish(self) -> list[EventKind]:
        events = [*judge_all(self._site), *decide_all(self._site)]
        for name in suites_behind(self._site):
            self._suites.wake(name)
        return events

    def _thd_catch_up(self, name: str) -> list[EventKind]:
        try:
            events = catch_up(self._site, name)
        except Exception as error:
            self._ground.troubles.note(name, str(error))
            raise
        self._ground.troubles.over(name)
        return events

    def _thd_keyring(self) -> list[EventKind]:
        return each("keyring", wanting_suites(), partial(spread_keyring, self._site))

    def _thd_catalogue(self) -> list[EventKind]:
        keep_catalogue(self._site.places, partial(hosted.pause, 0))
        return []

    def _thd_tidy(self) -> list[EventKind]:
        expire(self._site)
        self._ground.certificate.thd_look_after()
        self._ground.resumables.expire(self._ground.settings.incoming.keep_leftovers_seconds)
        forget_old_sessions()
        self._builds.thd_tidy()
        self._notices.thd_tidy()
        events = [
            *watch_keys(self._site),
            *watch_uploader_keys(self._site),
            *tidy(self._site),
        ]
        analyze()
        return events

    def _thd_measure(self) -> list[EventKind]:
        measure(self._site.clock())
        return []

    def _thd_watch_folders(self) -> list[EventKind]:
        for folder in self._watched:
            if folder.look(self._site):
                self._intake.wake()
        return []

    def _thd_chroots(self) -> list[EventKind]:
        workshop = Workshop(self._ground.places, self._site.clock, commands=self._chroot_commands)
        try:
            return refresh_chroots(workshop)
        except CommandsStopped:  # what is half made is removed the next time
            return []

    def _wake_builds(self) -> None:
        self._build.wake()

    def _look_at_builds_in(self, seconds: float) -> None:
        self._build.wake_in(seconds)
