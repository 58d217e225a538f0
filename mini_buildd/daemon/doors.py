"""The doors of the daemon: HTTP, HTTPS, FTP and SFTP, and who may come in by them."""

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import LoopingCall
from twisted.web.resource import Resource

from mini_buildd.config.settings import passive_ports
from mini_buildd.daemon.access import Access
from mini_buildd.daemon.fresh import Fresh
from mini_buildd.daemon.ground import Ground
from mini_buildd.daemon.health import thd_check
from mini_buildd.daemon.http import make_site
from mini_buildd.daemon.metrics import Figures
from mini_buildd.daemon.private_archives import (
    Archives,
    Gatekeeper,
    Names,
    PrivateArchives,
)
from mini_buildd.daemon.telling import Telling
from mini_buildd.daemon.watching import Healthz, MetricsPage
from mini_buildd.db.connect import in_thread
from mini_buildd.domain.proxies import parse_networks
from mini_buildd.flow.enter_http import enter_http
from mini_buildd.flow.enter_sftp import may_enter_sftp
from mini_buildd.flow.private_archives import archive_names, readable_archives
from mini_buildd.incoming.credentials import Credentials
from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.ftp import FtpWire, IncomingFactory
from mini_buildd.incoming.ftp_tls import TlsUse
from mini_buildd.incoming.host_keys import host_keys
from mini_buildd.incoming.http_door import Works
from mini_buildd.incoming.http_routes import HttpDoor
from mini_buildd.incoming.sftp import SftpFactory
from mini_buildd.web.application import application, static_folders

# So long after a repository was made private, its archive is.
_ARCHIVES_SECONDS = 2.0
# Whoever asks more often gets the same answer.
_HEALTH_SECONDS = 2.0
_METRICS_SECONDS = 5.0


class Doors:
    """All servers of one daemon; what they receive goes to the *dock*."""

    def __init__(self, ground: Ground, dock: Dock) -> None:
        self._ground, self._dock = ground, dock
        self._site, self._settings = ground.site, ground.settings
        self._ports: list[Any] = []
        self._private = self._make_private()
        self._application = application()
        self._telling = Telling(ground, self._application)
        self._figures = Figures(ground, ground.pulse)
        self._archive_watch = LoopingCall(self._private.look_again)
        self._archive_watch.clock = ground.reactor

    def open(self) -> None:
        """Listen. Raises CertificateUnusable, CannotListenError."""
        self._listen_for_http()
        if self._settings.ftp.port:
            self._listen_for_ftp()
        if self._settings.sftp.port:
            self._listen_for_sftp()
        self._archive_watch.start(_ARCHIVES_SECONDS, now=False)

    def close(self) -> "Deferred[Any]":
        """Let nobody in any more."""
        if self._archive_watch.running:
            self._archive_watch.stop()
        closing: list[Deferred[Any]] = [self._telling.stop()]
        closing += [found for port in self._ports if (found := port.stopListening()) is not None]
        return DeferredList(closing)

    def _listen_for_http(self) -> None:
        http, https = self._settings.http, self._settings.https
        site = make_site(
            reactor=self._ground.reactor,
            pool=self._ground.pools.web,
            archive=self._ground.places.archive,
            static=static_folders(),
            application=self._application,
            door=self._http_door(),
            hsts_seconds=https.hsts_seconds,
            private=self._private,
            proxies=parse_networks(self._settings.http.trusted_proxies),
            events=self._telling.door,
            access=Access(self._settings.log.requests, self._ground.pulse.count_request),
            watching=self._watching(),
        )
        self._ports.append(
            self._ground.reactor.listenTCP(http.port, site, interface=http.interface)
        )
        if https.port:
            tls = self._ground.certificate.context()
            self._ports.append(
                self._ground.reactor.listenSSL(https.port, site, tls, interface=https.interface)
            )

    def _watching(self) -> Mapping[bytes, Resource]:
        """What is asked by who watches the daemon."""
        ground = self._ground
        report = Fresh(
            lambda: thd_check(ground, ground.pulse.steps),
            _HEALTH_SECONDS,
            reactor=ground.reactor,
            pool=ground.pools.watch,
        )
        text = Fresh(
            self._figures.thd_text,
            _METRICS_SECONDS,
            reactor=ground.reactor,
            pool=ground.pools.watch,
        )
        return {
            b"healthz": Healthz(ground.reactor, report),
            b"metrics": MetricsPage(self._settings.metrics, text),
        }

    def _listen_for_ftp(self) -> None:
        ftp = self._settings.ftp
        use = TlsUse(ftp.tls)
        incoming = IncomingFactory(
            self._dock,
            FtpWire(passive_ports(ftp), ftp.public_address, use),
            None if use is TlsUse.OFF else self._ground.certificate.context(),
        )
        self._ports.append(
            self._ground.reactor.listenTCP(ftp.port, incoming, interface=ftp.interface)
        )

    def _listen_for_sftp(self) -> None:
        sftp = self._settings.sftp
        incoming = SftpFactory(self._dock, host_keys(self._ground.places.ssh), self._thd_may_enter)
        self._ports.append(
            self._ground.reactor.listenTCP(sftp.port, incoming, interface=sftp.interface)
        )

    def _thd_may_enter(
        self, account: str, *, key_blob: bytes | None, password: str | None, peer: str
    ) -> bool:
        with in_thread():
            return may_enter_sftp(
                self._site, account, key_blob=key_blob, password=password, peer=peer
            )

    def _http_door(self) -> HttpDoor:
        works = Works(
            self._dock, self._ground.resumables, self._settings.http.upload, self._thd_sign_in
        )
        return HttpDoor(works, keep_seconds=self._settings.incoming.keep_leftovers_seconds)

    def _thd_sign_in(self, credentials: Credentials, peer: str) -> None:
        with in_thread():
            enter_http(self._site, credentials.account, credentials.secret, peer)

    def _make_private(self) -> PrivateArchives:
        """What is known now; asked before anything is served."""
        keeper = Gatekeeper(
            self._ground.reactor,
            self._ground.pools.web,
            self._thd_archives,
            self._thd_readable,
            parse_networks(self._settings.http.trusted_proxies),
        )
        return PrivateArchives(keeper, self._thd_archives())

    def _thd_archives(self) -> Archives:
        with in_thread():
            return Archives(*archive_names())

    def _thd_readable(self, credentials: Credentials, peer: str) -> Names:
        with in_thread():
            return readable_archives(self._site, credentials.account, credentials.secret, peer)
