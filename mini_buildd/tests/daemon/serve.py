"""``python -m mini_buildd.tests.daemon.serve HOME [STALL_SECONDS]``: the server alone.

In a process of its own, to be looked at and to be measured like any other web server. It prints its
ports, one for plain HTTP and one for TLS.
"""

import sys
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
from zope.interface import implementer

from mini_buildd.daemon.file_sending import FileSending
from mini_buildd.daemon.http import make_site


def _django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Stands for Django: it says which path it was asked for."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}".encode("latin-1")]


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
    site = make_site(
        reactor=reactor,
        pool=pool,
        archive=home / "archive",
        static={"app/": home / "static"},
        application=_django,
    )
    plain = reactor.listenTCP(0, site, interface="127.0.0.1")
    tls = reactor.listenSSL(0, site, _Tls(), interface="127.0.0.1")
    reactor.callWhenRunning(pool.start)
    reactor.addSystemEventTrigger("after", "shutdown", pool.stop)
    print(plain.getHost().port, tls.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(float, sys.argv[2:]))
