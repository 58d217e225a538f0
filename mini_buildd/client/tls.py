"""Whom a connection by TLS trusts: the machine's authorities, one's own, or a single certificate.

An instance that made its certificate itself is known by its fingerprint, as a host is to ssh.
"""

import hashlib
import http.client
import socket
import ssl

from mini_buildd.client.server import Server


class Unreachable(Exception):
    """Nobody answers, or not as an instance of mini-buildd does."""


class Untrusted(Unreachable):
    """Nobody that we trust says that it is the instance that answers."""


class TlsConnection(http.client.HTTPSConnection):
    """One that says nothing to whom it does not trust."""

    _fingerprint = ""

    def expecting(self, fingerprint: str) -> "TlsConnection":
        """The same, which ends unless the certificate has that fingerprint, if one is given."""
        self._fingerprint = fingerprint
        return self

    def connect(self) -> None:
        """Connect, and look at the certificate before anything is sent. Raises Untrusted."""
        super().connect()
        if not self._fingerprint:
            return
        found = fingerprint_of(self.sock.getpeercert(binary_form=True) or b"")
        if found != self._fingerprint:
            self.close()
            raise Untrusted(
                f"{self.host}: expected the certificate with the fingerprint {self._fingerprint}, "
                f"found {found}; log in again if you know why it was changed"
            )


def tls_context(server: Server) -> ssl.SSLContext:
    """Whom to trust at *server*; raises Unreachable when its CA file cannot be read."""
    try:
        context = ssl.create_default_context(cafile=server.ca_file or None)
    except OSError as error:
        raise Unreachable(f"{server.ca_file}: {error}") from None
    if server.fingerprint:  # nobody else's word is needed then
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def fingerprint_of(certificate: bytes) -> str:
    """The SHA-256 of a certificate, as openssl x509 -fingerprint shows it."""
    digest = hashlib.sha256(certificate).hexdigest().upper()
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))


def seen_fingerprint(host: str, port: int, timeout_seconds: float = 10.0) -> str:
    """That of the certificate that is shown there, whoever it is; raises Unreachable."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), timeout=timeout_seconds) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            return fingerprint_of(secured.getpeercert(binary_form=True) or b"")
    except OSError as error:
        raise Unreachable(f"{host}:{port}: {error}") from None
