"""The object graph: who is plugged into whom, and in which order they start and stop."""

import logging
import socket
from collections.abc import Iterable
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, inlineCallbacks
from twisted.internet.error import CannotListenError
from twisted.internet.task import LoopingCall
from twisted.python.threadpool import ThreadPool

from mini_buildd.buildd.builder import Builder
from mini_buildd.bus.local import LocalBus
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings, passive_ports
from mini_buildd.daemon import thread_guard
from mini_buildd.daemon.builds import LocalBuilds
from mini_buildd.daemon.certificate import Certificate
from mini_buildd.daemon.http import make_site
from mini_buildd.daemon.lanes import Lanes
from mini_buildd.daemon.private_archives import (
    Archives,
    Gatekeeper,
    Names,
    PrivateArchives,
)
from mini_buildd.daemon.step import Step
from mini_buildd.daemon.watch import ProcessWatch
from mini_buildd.db.connect import analyze, in_thread
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.problem import CertificateUnusable
from mini_buildd.domain.proxies import parse_networks
from mini_buildd.flow import hosted
from mini_buildd.flow.announce import announce
from mini_buildd.flow.chroot import Workshop
from mini_buildd.flow.enter_http import enter_http
from mini_buildd.flow.enter_sftp import may_enter_sftp
from mini_buildd.flow.expire import expire
from mini_buildd.flow.hosted import show_troubles
from mini_buildd.flow.keys import watch_keys
from mini_buildd.flow.open_site import open_site
from mini_buildd.flow.private_archives import archive_names, readable_archives
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
from mini_buildd.flow.troubles import Troubles
from mini_buildd.flow.uploader_keys import watch_uploader_keys
from mini_buildd.flow.watched import WatchedFolder
from mini_buildd.incoming.credentials import Credentials
from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.ftp import FtpWire, IncomingFactory
from mini_buildd.incoming.ftp_tls import TlsUse
from mini_buildd.incoming.host_keys import host_keys
from mini_buildd.incoming.http_door import Works
from mini_buildd.incoming.http_routes import HttpDoor
from mini_buildd.incoming.rates import Rates
from mini_buildd.incoming.resumable import Resumables
from mini_buildd.incoming.sessions import Bounds, Sessions
from mini_buildd.incoming.sftp import SftpFactory
from mini_buildd.keys import gpg
from mini_buildd.kit.commands import Commands, CommandsStopped
from mini_buildd.web.application import application, static_folders
from mini_buildd.web.sessions import forget_old_sessions

_log = logging.getLogger(__name__)

_SWEEP_SECONDS = 10.0
# So long after a repository was made private, its archive is.
_ARCHIVES_SECONDS = 2.0
_WATCH_SECONDS = 3.0
_MINUTE_SECONDS = 60.0
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
        self._suite_pool = ThreadPool(1, 4, "suites")
        self._chroot_pool = ThreadPool(1, 1, "chroots")
        self._orig_pool = ThreadPool(1, 1, "origs")
        self._hash_pool = ThreadPool(1, 1, "hash")
        self._orig_commands = Commands()
        self._chroot_commands = Commands(is_nice=True)
        self._web_pool = ThreadPool(1, 14, "web")  # six may wait for events
        self._sessions = Sessions(
            Bounds(settings.incoming.max_connections, settings.incoming.max_connections_per_peer)
        )
        # What is received is written by threads of its own: a slow disk holds up nothing else.
        self._spool_pool = ThreadPool(1, 4, "spool")
        self._site = open_site(settings, places)
        self._site.spool.drop_parts()
        self._resumables = Resumables(self._site.spool, places.resumable)
        self._resumables.recover()
        self._troubles = Troubles(self._site.clock)
        self._certificate = Certificate(settings, places, self._site.clock, self._troubles)
        show_troubles(self._troubles)
        self._watch = ProcessWatch(reactor, self._wake_builds)
        self._builds = LocalBuilds(
            self._site,
            Builder(places.builds),
            host=settings.builder.host or socket.gethostname(),
            watch=self._watch.watch,
            look_again=self._look_at_builds_in,
        )
        self._private = self._make_private()
        self._watched = [WatchedFolder(each) for each in settings.watch]
        self._make_steps()
        self._dock = Dock(
            reactor,
            self._spool_pool,
            self._site.spool,
            self._sessions,
            Rates(reactor, settings.incoming.max_bytes_per_second),
            self._intake.wake,
            settings.incoming.idle_seconds,
        )
        hosted.plug_in(self._site, self._wake_all)

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
            self._mail,
            self._keyring,
            self._tidy,
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
        self._hash = self._step("hash", self._thd_hash, (), pool=self._hash_pool)
        self._origs = self._step(
            "origs", self._thd_origs, (EventKind.UPLOAD_WAITS,), pool=self._orig_pool
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
        self._order = self._step("order", partial(release_all, self._site), JUDGED_AFTER)
        self._publish = self._step(
            "publish",
            self._thd_publish,
            (EventKind.JOB_SUCCEEDED, EventKind.JOB_FAILED, EventKind.JOB_CANCELLED),
        )
        # A large suite that is written anew keeps no other waiting.
        self._suites = Lanes(
            "publish",
            self._thd_catch_up,
            reactor=self.reactor,
            pool=self._suite_pool,
            bus=self._bus,
        )

    def _make_steps_beside(self) -> None:
        """What follows from all that, or from the clock."""
        self._mail = self._step(
            "mail",
            self._thd_mail,
            (
                EventKind.UPLOAD_REJECTED,
                EventKind.BUILDER_SET_ASIDE,
                EventKind.UPLOADER_KEY_EXPIRES,
                EventKind.SOURCE_HELD,
                EventKind.SUITE_PUBLISHED,
            ),
        )
        self._keyring = self._step(
            "keyring",
            self._thd_keyring,
            (EventKind.SUITE_PUBLISHED, EventKind.KEY_ROTATED, EventKind.KEY_RETIRED),
            sweep_seconds=_MINUTE_SECONDS,
        )
        self._tidy = self._step("tidy", self._thd_tidy, (), sweep_seconds=_HOUR_SECONDS)
        # It takes a minute or many, and nothing waits for it.
        self._chroots = self._step("chroots", self._thd_chroots, (), pool=self._chroot_pool)

    def _step(
        self,
        name: str,
        thd_work: Any,
        kinds: Iterable[EventKind],
        sweep_seconds: float = _SWEEP_SECONDS,
        pool: ThreadPool | None = None,
    ) -> Step:
        step = Step(
            name,
            thd_work,
            reactor=self.reactor,
            pool=pool or self._flow_pool,
            bus=self._bus,
            sweep_seconds=sweep_seconds,
        )
        self._bus.subscribe(kinds, step.wake)
        return step

    # --- the work of each step ------------------------------------------------

    def _thd_intake(self) -> list[EventKind]:
        events = take_in(self._site, self._sessions.can_follow)
        if self._site.digests.is_wanting():
            self._hash.wake()
        return events

    def _thd_hash(self) -> list[EventKind]:
        if self._site.digests.hash_wanted():
            self._intake.wake()
        return []

    def _thd_origs(self) -> list[EventKind]:
        return fetch_origs(self._site, self._orig_commands)

    def _thd_publish(self) -> list[EventKind]:
        events = [*judge_all(self._site), *decide_all(self._site)]
        for name in suites_behind(self._site):
            self._suites.wake(name)
        return events

    def _thd_catch_up(self, name: str) -> list[EventKind]:
        try:
            events = catch_up(self._site, name)
        except Exception as error:
            self._troubles.note(name, str(error))
            raise
        self._troubles.over(name)
        return events

    def _thd_mail(self) -> list[EventKind]:
        announce(self._site)
        return []

    def _thd_keyring(self) -> list[EventKind]:
        return each("keyring", wanting_suites(), partial(spread_keyring, self._site))

    def _thd_tidy(self) -> list[EventKind]:
        expire(self._site)
        self._certificate.thd_look_after()
        self._resumables.expire(self._settings.incoming.keep_leftovers_seconds)
        forget_old_sessions()
        self._builds.thd_tidy()
        events = [
            *watch_keys(self._site),
            *watch_uploader_keys(self._site),
            *tidy(self._site),
        ]
        analyze()
        return events

    def _thd_watch_folders(self) -> list[EventKind]:
        for folder in self._watched:
            if folder.look(self._site):
                self._intake.wake()
        return []

    def _thd_chroots(self) -> list[EventKind]:
        workshop = Workshop(self._places, self._site.clock, commands=self._chroot_commands)
        try:
            return refresh_chroots(workshop)
        except CommandsStopped:  # what is half made is removed the next time
            return []

    def _wake_builds(self) -> None:
        self._build.wake()

    def _wake_all(self) -> None:
        """Somebody has decided something on a page."""
        self._publish.wake()
        self._build.wake()

    def _look_at_builds_in(self, seconds: float) -> None:
        self._build.wake_in(seconds)

    # --- start and stop -------------------------------------------------------

    def start(self) -> None:
        """Open the doors and begin the work."""
        thread_guard.install()
        self._flow_pool.start()
        self._suite_pool.start()
        self._chroot_pool.start()
        self._orig_pool.start()
        self._hash_pool.start()
        self._web_pool.start()
        self._spool_pool.start()
        try:
            self._listen()
        except CertificateUnusable as problem:
            _log.error("cannot start: %s", problem)  # it says all in a line
            self._give_up()
            return
        except CannotListenError as error:
            _log.error("cannot listen: %s; set another port in mini-buildd.toml", error)
            self._give_up()
            return
        except Exception:  # noqa: BLE001  # the reactor would go on, with no door open
            _log.exception("cannot start")
            self._give_up()
            return
        self._archive_watch.start(_ARCHIVES_SECONDS, now=False)
        for step in self._steps:
            step.start()
        ftp, sftp = self._settings.ftp.port, self._settings.sftp.port
        _log.info("serving on %s, FTP on port %s, SFTP on port %s", self._settings.url, ftp, sftp)

    def _give_up(self) -> None:
        self.exit_status = 1
        self.reactor.stop()

    def _listen(self) -> None:
        http, https, ftp = self._settings.http, self._settings.https, self._settings.ftp
        site = make_site(
            reactor=self.reactor,
            pool=self._web_pool,
            archive=self._places.archive,
            static=static_folders(),
            application=application(),
            door=self._http_door(),
            hsts_seconds=https.hsts_seconds,
            private=self._private,
            proxies=parse_networks(self._settings.http.trusted_proxies),
        )
        self._ports = [self.reactor.listenTCP(http.port, site, interface=http.interface)]
        if https.port:
            tls = self._certificate.context()
            self._ports.append(
                self.reactor.listenSSL(https.port, site, tls, interface=https.interface)
            )
        if ftp.port:
            self._listen_for_ftp()
        if self._settings.sftp.port:
            self._listen_for_sftp()

    def _listen_for_ftp(self) -> None:
        ftp = self._settings.ftp
        use = TlsUse(ftp.tls)
        incoming = IncomingFactory(
            self._dock,
            FtpWire(passive_ports(ftp), ftp.public_address, use),
            None if use is TlsUse.OFF else self._certificate.context(),
        )
        self._ports.append(self.reactor.listenTCP(ftp.port, incoming, interface=ftp.interface))

    def _listen_for_sftp(self) -> None:
        sftp = self._settings.sftp
        incoming = SftpFactory(self._dock, host_keys(self._places.ssh), self._thd_may_enter)
        self._ports.append(self.reactor.listenTCP(sftp.port, incoming, interface=sftp.interface))

    def _thd_may_enter(
        self, account: str, *, key_blob: bytes | None, password: str | None, peer: str
    ) -> bool:
        with in_thread():
            return may_enter_sftp(
                self._site, account, key_blob=key_blob, password=password, peer=peer
            )

    def _http_door(self) -> HttpDoor:
        works = Works(self._dock, self._resumables, self._settings.http.upload, self._thd_sign_in)
        return HttpDoor(works, keep_seconds=self._settings.incoming.keep_leftovers_seconds)

    def _thd_sign_in(self, credentials: Credentials, peer: str) -> None:
        with in_thread():
            enter_http(self._site, credentials.account, credentials.secret, peer)

    def _make_private(self) -> PrivateArchives:
        """What is known now; asked before anything is served."""
        keeper = Gatekeeper(
            self.reactor,
            self._web_pool,
            self._thd_archives,
            self._thd_readable,
            parse_networks(self._settings.http.trusted_proxies),
        )
        made = PrivateArchives(keeper, self._thd_archives())
        self._archive_watch = LoopingCall(made.look_again)
        self._archive_watch.clock = self.reactor
        return made

    def _thd_archives(self) -> Archives:
        with in_thread():
            return Archives(*archive_names())

    def _thd_readable(self, credentials: Credentials, peer: str) -> Names:
        with in_thread():
            return readable_archives(self._site, credentials.account, credentials.secret, peer)

    @inlineCallbacks
    def stop(self) -> Any:
        """Close the doors, let what runs in threads end; builds go on by themselves."""
        hosted.close()
        for port in getattr(self, "_ports", []):
            yield port.stopListening()
        if self._archive_watch.running:
            self._archive_watch.stop()
        self._chroot_commands.stop()
        self._orig_commands.stop()
        self._site.digests.stop()
        ends: list[Deferred[Any]] = [step.stop() for step in (*self._steps, self._suites)]
        yield DeferredList(ends)
        self._watch.stop()
        for pool in (
            self._flow_pool,
            self._suite_pool,
            self._chroot_pool,
            self._orig_pool,
            self._hash_pool,
            self._web_pool,
            self._spool_pool,
        ):
            if pool.started:
                pool.stop()
        gpg.stop_agent(self._places.gnupg)
        _log.info("stopped; running builds go on")
