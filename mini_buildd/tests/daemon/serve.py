"""``python -m mini_buildd.tests.daemon.serve HOME [STALL_SECONDS]``: the server alone.

In a process of its own, to be looked at and to be measured like any other web server. It prints its
ports, one for plain HTTP and one for TLS.
"""

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from OpenSSL import SSL
from twisted.internet import reactor as any_reactor
from twisted.internet.interfaces import IOpenSSLContextFactory
from twisted.python.threadpool import ThreadPool
from twisted.web.resource import Resource
from zope.interface import implementer

from mini_buildd.config.settings import Metrics
from mini_buildd.daemon.file_sending import FileSending
from mini_buildd.daemon.fresh import Fresh
from mini_buildd.daemon.http import make_site
from mini_buildd.daemon.private_archives import Archives, Gatekeeper, PrivateArchives
from mini_buildd.daemon.watching import MetricsPage
from mini_buildd.domain.problem import SignInFailed, TooManyAttempts
from mini_buildd.domain.proxies import parse_networks
from mini_buildd.incoming.credentials import Credentials


def _django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Stands for Django: it says which path it was asked for, and for whom."""
    asker = environ.get("HTTP_X_FORWARDED_FOR", "")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Asker", asker)])
    return [f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}".encode("latin-1")]


def _archives() -> Archives:
    """Those in the environment: MINI_BUILDD_TESTS_PRIVATE has names of folders."""
    names = os.environ.get("MINI_BUILDD_TESTS_PRIVATE", "").encode().split()
    return Archives(frozenset({b"public"}), frozenset(names))


def _readable(credentials: Credentials, peer: str) -> frozenset[bytes]:
    """Ada may read the private ones, Bob may not; whoever comes as Mallory has to wait."""
    del peer
    account, secret = credentials.account, credentials.secret
    if account == "mallory":
        raise TooManyAttempts(expected="", found="", hint="Wait.", retry_after_seconds=7)
    if secret != f"{account}-may":
        raise SignInFailed(expected="", found="", hint="")
    return _archives().private if account == "ada" else frozenset()


def _watching(reactor: Any, pool: ThreadPool) -> Mapping[bytes, Resource]:
    """Figures for who has the token in the file that MINI_BUILDD_TESTS_TOKEN names."""
    file = os.environ.get("MINI_BUILDD_TESTS_TOKEN", "")
    if not file:
        return {}
    text = Fresh(lambda: "figure 1\n", 0, reactor=reactor, pool=pool)
    return {b"metrics": MetricsPage(Metrics("token", file), text)}


@implementer(IOpenSSLContextFactory)
class _Tls:
    """A certificate that nobody needs to trust (Twisted's context factory)."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(key, SHA256())
        )
        self._context = SSL.Context(SSL.TLS_SERVER_METHOD)
        self._context.use_certificate(certificate)
        self._context.use_privatekey(key)

    def getContext(self) -> SSL.Context:  # noqa: N802  # Twisted's name
        """What each connection begins with."""
        return self._context


def main(home: Path, stall_seconds: float | None = None) -> None:
    """Serve until killed."""
    reactor: Any = any_reactor
    if stall_seconds is not None:
        FileSending.stall_seconds = stall_seconds
    pool = ThreadPool(1, 2)
    keeper = Gatekeeper(reactor, pool, _archives, _readable, parse_networks(["127.0.0.9"]))
    private = PrivateArchives(keeper, _archives()) if _archives().private else None
    site = make_site(
        reactor=reactor,
        pool=pool,
        archive=home / "archive",
        static={"app/": home / "static"},
        application=_django,
        private=private,
        watching=_watching(reactor, pool),
    )
    plain = reactor.listenTCP(0, site, interface="127.0.0.1")
    tls = reactor.listenSSL(0, site, _Tls(), interface="127.0.0.1")
    reactor.callWhenRunning(pool.start)
    reactor.addSystemEventTrigger("after", "shutdown", pool.stop)
    print(plain.getHost().port, tls.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(float, sys.argv[2:]))
