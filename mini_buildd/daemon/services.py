"""The object graph: who is plugged into whom, and in which order they start and stop."""

import logging
import socket
from collections.abc import Iterable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, inlineCallbacks
from twisted.internet.error import CannotListenError
from twisted.python.threadpool import ThreadPool

from mini_buildd.archive.sign import Signer
from mini_buildd.buildd.builder import Builder
from mini_buildd.bus.local import LocalBus
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings, passive_ports
from mini_buildd.daemon import thread_guard
from mini_buildd.daemon.builds import LocalBuilds
from mini_buildd.daemon.http import make_site
from mini_buildd.daemon.step import Step
from mini_buildd.daemon.watch import ProcessWatch
from mini_buildd.domain.event import EventKind
from mini_buildd.flow.announce import announce
from mini_buildd.flow.expire import expire
from mini_buildd.flow.site import Site
from mini_buildd.flow.sweep import judge_all, publish_all, take_in
from mini_buildd.incoming.ftp import IncomingFactory
from mini_buildd.incoming.sessions import Sessions
from mini_buildd.incoming.spool import Spool
from mini_buildd.keys import gpg
from mini_buildd.keys.archive_key import ensure_archive_key
from mini_buildd.kit.clock import utc_now
from mini_buildd.web import instance
from mini_buildd.web.application import application, static_folders

_log = logging.getLogger(__name__)

_SWEEP_SECONDS = 10.0
_HOUR_SECONDS = 3600.0


class Services:
    """Everything that runs in the daemon."""

    def __init__(self, settings: Settings, places: Places, reactor: Any) -> None:
        self.reactor = reactor
        self.exit_status = 0
        self._settings = settings
        self._places = places
        self._bus = LocalBus()
        self._flow_pool = ThreadPool(1, 6, "flow")
        self._web_pool = ThreadPool(1, 8, "web")
        self._sessions = Sessions()
        self._site = _make_site(settings, places)
        self._watch = ProcessWatch(reactor, self._wake_builds)
        self._builds = LocalBuilds(
            self._site,
            Builder(places.builds),
            host=settings.builder.host or socket.gethostname(),
            watch=self._watch.watch,
            look_again=self._look_at_builds_in,
        )
        self._make_steps()
        instance.plug_in(self._site, self._publish.wake)

    def _make_steps(self) -> None:
        self._intake = self._step("intake", self._thd_intake, (EventKind.UPLOAD_ARRIVED,))
        self._build = self._step(
            "build",
            self._builds.thd_work,
            (EventKind.JOB_PLANNED, EventKind.JOB_RELEASED, EventKind.JOB_LOST),
        )
        self._publish = self._step(
            "publish",
            self._thd_publish,
            (EventKind.JOB_SUCCEEDED, EventKind.JOB_FAILED),
        )
        self._mail = self._step("mail", self._thd_mail, (EventKind.UPLOAD_REJECTED,))
        self._tidy = self._step("tidy", self._thd_tidy, (), sweep_seconds=_HOUR_SECONDS)
        self._steps = (self._intake, self._build, self._publish, self._mail, self._tidy)

    def _step(
        self,
        name: str,
        thd_work: Any,
        kinds: Iterable[EventKind],
        sweep_seconds: float = _SWEEP_SECONDS,
    ) -> Step:
        step = Step(
            name,
            thd_work,
            reactor=self.reactor,
            pool=self._flow_pool,
            bus=self._bus,
            sweep_seconds=sweep_seconds,
        )
        self._bus.subscribe(kinds, step.wake)
        return step

    # --- the work of each step ------------------------------------------------

    def _thd_intake(self) -> list[EventKind]:
        return take_in(self._site, self._sessions.can_follow)

    def _thd_publish(self) -> list[EventKind]:
        return [*judge_all(self._site), *publish_all(self._site)]

    def _thd_mail(self) -> list[EventKind]:
        announce(self._site)
        return []

    def _thd_tidy(self) -> list[EventKind]:
        expire(self._site)
        self._builds.thd_tidy()
        return []

    def _wake_builds(self) -> None:
        self._build.wake()

    def _look_at_builds_in(self, seconds: float) -> None:
        self._build.wake_in(seconds)

    # --- start and stop -------------------------------------------------------

    def start(self) -> None:
        """Open the doors and begin the work."""
        thread_guard.install()
        self._flow_pool.start()
        self._web_pool.start()
        try:
            self._listen()
        except CannotListenError as error:
            _log.error("cannot listen: %s; set another port in mini-buildd.toml", error)
            self._give_up()
            return
        except Exception:  # noqa: BLE001  # the reactor would go on, with no door open
            _log.exception("cannot start")
            self._give_up()
            return
        for step in self._steps:
            step.start()
        _log.info("serving on %s, incoming on port %s", self._settings.url, self._settings.ftp.port)

    def _give_up(self) -> None:
        self.exit_status = 1
        self.reactor.stop()

    def _listen(self) -> None:
        http, ftp = self._settings.http, self._settings.ftp
        site = make_site(
            reactor=self.reactor,
            pool=self._web_pool,
            archive=self._places.archive,
            static=static_folders(),
            application=application(),
        )
        self._ports = [self.reactor.listenTCP(http.port, site, interface=http.interface)]
        incoming = IncomingFactory(
            reactor=self.reactor,
            pool=self._flow_pool,
            spool=self._site.spool,
            sessions=self._sessions,
            changed=self._intake.wake,
            passive_ports=passive_ports(ftp),
        )
        self._ports.append(self.reactor.listenTCP(ftp.port, incoming, interface=ftp.interface))

    @inlineCallbacks
    def stop(self) -> Any:
        """Close the doors, let what runs in threads end; builds go on by themselves."""
        for port in getattr(self, "_ports", []):
            yield port.stopListening()
        ends: list[Deferred[None]] = [step.stop() for step in self._steps]
        yield DeferredList(ends)
        self._watch.stop()
        for pool in (self._flow_pool, self._web_pool):
            if pool.started:
                pool.stop()
        gpg.stop_agent(self._places.gnupg)
        _log.info("stopped; running builds go on")


def _make_site(settings: Settings, places: Places) -> Site:
    key = ensure_archive_key(places.gnupg, settings.identity)
    return Site(
        settings=settings,
        places=places,
        spool=Spool(
            places.spool,
            max_file_bytes=settings.incoming.max_file_bytes,
            max_spool_bytes=settings.incoming.max_spool_bytes,
        ),
        signer=Signer(key.clearsign, key.sign_detached, key.public_key),
        clock=utc_now,
    )
