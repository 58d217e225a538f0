"""TLS for every server of ours: a certificate that can be replaced while they run.

Whether its files have changed is looked at with each new connection. When the new ones do not fit,
connections go on with the old ones, and it is told once.
"""

import contextlib
import logging
import os
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import serialization
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from zope.interface import implementer

from mini_buildd.domain.problem import CertificateUnusable
from mini_buildd.incoming.certificate import CertificateFiles

_log = logging.getLogger(__name__)

_Stamp = tuple[tuple[int, int, int], ...]


def _untold(why: str) -> None:
    """Nobody wants to know."""


@implementer(IOpenSSLServerConnectionCreator)
class TlsContext:
    """What Twisted takes for the server's side of TLS, 1.2 or later: ``listenSSL(…, context)``.

    Each server has one of its own: Twisted notes in it which protocols are spoken inside. *told* is
    given why the files in place cannot be used, and an empty text once they can be. Raises
    CertificateUnusable when they cannot be at the start.
    """

    def __init__(self, files: CertificateFiles, told: Callable[[str], None] = _untold) -> None:
        self._files = files
        self._told = told
        self._stamp = _stamp(files)
        self._context = _load(files)

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        """A new connection, with the certificate as it is now (IOpenSSLServerConnectionCreator)."""
        del protocol
        return SSL.Connection(self.current(), None)

    def current(self) -> SSL.Context:
        """The certificate as it is now; its files are taken anew if they have changed."""
        stamp = _stamp(self._files)
        if stamp != self._stamp:
            self._stamp = stamp
            self._take()
        return self._context

    def _take(self) -> None:
        try:
            self._context = _load(self._files)
        except CertificateUnusable as problem:
            _log.error("the certificate stays the old one: %s", problem)  # one line
            self._told(str(problem))
        else:
            _log.info("the certificate was taken anew from %s", self._files.certificate)
            self._told("")


def _stamp(files: CertificateFiles) -> _Stamp:
    """What is another when one of the files is another."""
    found = []
    for path in (files.certificate, files.key):
        with contextlib.suppress(OSError):
            status = os.stat(path)  # noqa: PTH116  # with every connection; a Path would cost more
            found.append((status.st_mtime_ns, status.st_ino, status.st_size))
    return tuple(found)


def _load(files: CertificateFiles) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_CIPHER_SERVER_PREFERENCE | SSL.OP_NO_COMPRESSION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    try:
        # OpenSSL would not say why it cannot read a file, and ask for pass phrases on the terminal.
        files.certificate.open("rb").close()
        serialization.load_pem_private_key(files.key.read_bytes(), None)
        context.use_certificate_chain_file(os.fspath(files.certificate))
        context.use_privatekey_file(os.fspath(files.key))
        context.check_privatekey()
    except (SSL.Error, OSError, ValueError, TypeError) as error:
        raise CertificateUnusable(
            expected=f"a certificate in {files.certificate} and its private key in {files.key}, "
            "in PEM, without a pass phrase",
            found=_said(error),
            hint="Look at tls.certificate and tls.key in the settings, and who may read the files.",
        ) from None
    return context


def _said(error: Exception) -> str:
    """What OpenSSL or the system says of it, in words."""
    if not isinstance(error, SSL.Error):
        return str(error)
    queue = error.args[0] if error.args else ()
    return "; ".join(dict.fromkeys(entry[-1] for entry in queue if entry[-1])) or "something else"
