"""Data connections of FTP: what comes over them goes into a part of the spool."""

from typing import Any

from OpenSSL import SSL
from twisted.internet import defer, error, protocol
from twisted.internet.interfaces import (
    IAddress,
    IConsumer,
    IHandshakeListener,
    IOpenSSLServerConnectionCreator,
)
from twisted.protocols import ftp
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure
from zope.interface import implementer

from mini_buildd.deb.names import PlainFilename
from mini_buildd.incoming.dock import READ_BYTES, Dock
from mini_buildd.incoming.peers import peer_of
from mini_buildd.incoming.rates import Brake
from mini_buildd.incoming.spool import Arrival, Part, SpoolFull
from mini_buildd.incoming.tap import Tap
from mini_buildd.incoming.tls import TlsContext


class NoRoom(ftp.FTPCmdError):
    """The file or the spool would grow past its bound."""

    errorCode = ftp.EXCEEDED_STORAGE_ALLOC


# Twisted's own text says nothing of the cause.
ftp.RESPONSE[ftp.EXCEEDED_STORAGE_ALLOC] = "552 Not stored: %s"


@implementer(IConsumer)
class SpoolConsumer:
    """Writes what arrives on a data connection into a part of the spool."""

    def __init__(self, part: Part, dock: Dock) -> None:
        self._part = part
        self._dock = dock
        self._sender: CheckedDTP | None = None
        self._writing = dock.writing(part, self, self._broken)
        self.failure: Exception | None = None

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: FBT001  # the interface has it so
        """Somebody sends (IConsumer)."""
        del streaming
        self._sender = producer

    def unregisterProducer(self) -> None:
        """The data connection is gone (IConsumer)."""
        self._sender = None

    def write(self, data: bytes) -> None:
        """Append; when there is no room, forget the file at once (IConsumer).

        What is still sent is read all the same and dropped: clients that are hung up on see a
        broken pipe and never read the answer that says why.
        """
        if self.failure is not None:
            return
        try:
            self._writing.write(data)
        except (SpoolFull, OSError) as fault:
            self.fail(NoRoom(str(fault)))

    def land(self, name: PlainFilename, peer: str) -> defer.Deferred[Arrival]:
        """All is there: make it durable. Fails with OSError."""
        return self._dock.land(self._writing, self._part, name, peer)

    def fail(self, failure: Exception) -> None:
        """The transfer did not come to its proper end."""
        self.failure = failure
        self._writing.drop(self._part.abort)

    def _broken(self, failure: Failure) -> None:
        self.fail(NoRoom(str(failure.value)))

    def pause(self) -> None:
        """The disk is behind (Sender)."""
        if self._sender is not None:
            self._sender.tap.hold("disk")

    def resume(self) -> None:
        """It is not any more (Sender)."""
        if self._sender is not None:
            self._sender.tap.let_go("disk")


@implementer(IHandshakeListener)
class CheckedDTP(ftp.DTP, TimeoutMixin):
    """A data connection that tells a proper end from a cut one, and is cut when it stands still.

    Over TLS the proper end is a close_notify alert (RFC 8446 §6.1): a plain end of the stream can
    be anybody's on the way.
    """

    pi: Any
    transport: Any
    _is_ending = False
    _secured: "KeptConnection | None" = None
    _has_shaken = False

    def connectionMade(self) -> None:
        """Read nothing yet: Twisted would keep in memory all that comes before its STOR."""
        self._brake = Brake(self.pi.factory.dock.rates, self.pi.peer, self)
        self._over: defer.Deferred[None] = defer.Deferred()
        self.tap = Tap(self.transport)
        super().connectionMade()
        self.transport.bufferSize = READ_BYTES
        self.setTimeout(self.pi.timeOut)
        if self.pi.has_private_data:
            # The handshake must be read; what follows it is held back below.
            self._secured = KeptConnection(self.pi.factory.tls)
            self.transport.startTLS(self._secured)
        else:
            self.tap.hold("no file")

    def handshakeCompleted(self) -> None:
        """TLS is spoken now (IHandshakeListener)."""
        self._has_shaken = True
        if self._is_ending:
            self.transport.loseConnection()

    def end(self) -> defer.Deferred[None]:
        """Send nothing (more) and close; over TLS that is said under its protection."""
        self._is_ending = True
        if self._has_shaken or self._secured is None:
            self.transport.loseConnection()
        return self._over

    def registerConsumer(self, cons: Any) -> defer.Deferred[Any]:
        """Now somebody wants the data."""
        done: defer.Deferred[Any] = super().registerConsumer(cons)
        self.tap.let_go("no file")
        return done

    def dataReceived(self, data: bytes) -> None:
        """It does not stand still."""
        self.resetTimeout()
        super().dataReceived(data)
        if self._cons is None:
            self.tap.hold("no file")
        else:
            self._brake.took(len(data))

    def wait(self) -> None:
        """The peer is too fast: it is we who let it stand still."""
        self.setTimeout(None)
        self.tap.hold("rate")

    def go_on(self) -> None:
        """Read again."""
        self.setTimeout(self.pi.timeOut)
        self.tap.let_go("rate")

    def timeoutConnection(self) -> None:
        """Whoever sends nothing for so long will send no more."""
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        """Only an orderly close completes a transfer."""
        self._brake.release()
        self.setTimeout(None)
        consumer = self._cons
        if isinstance(consumer, SpoolConsumer) and not self._is_complete(reason):
            consumer.fail(ConnectionAbortedError("the data connection was cut"))
        super().connectionLost(reason)
        self._over.callback(None)

    def _is_complete(self, reason: Failure) -> bool:
        """Whether the sender has said that this was all."""
        if self._secured is not None:
            return self._secured.is_closed_by_peer
        return bool(reason.check(error.ConnectionDone))


class QuietConnection(SSL.Connection):
    """Says nothing between the handshake and the end, which is all that a receiver has to say.

    TLS 1.3 would send tickets to resume the session. A client that leaves as soon as it has handed
    all to its kernel, as lftp does, has not read them; its kernel takes that for an abnormal end,
    and what was on its way is lost (RFC 2525 §2.17).
    """

    _is_quiet = False

    def do_handshake(self) -> None:
        """Shake hands, then be quiet."""
        super().do_handshake()
        self._is_quiet = True

    def shutdown(self) -> bool:
        """Say that this is the end."""
        self._is_quiet = False
        return super().shutdown()

    def bio_read(self, bufsiz: int) -> bytes:
        """What is to be sent now; raises WantReadError when there is nothing."""
        if self._is_quiet:
            raise SSL.WantReadError
        return super().bio_read(bufsiz)


@implementer(IOpenSSLServerConnectionCreator)
class KeptConnection:
    """Makes one connection by *tls*, and keeps it."""

    def __init__(self, tls: TlsContext) -> None:
        self._tls = tls
        self._connection: SSL.Connection | None = None

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        """The connection (IOpenSSLServerConnectionCreator)."""
        del protocol
        self._connection = QuietConnection(self._tls.current(), None)
        return self._connection

    @property
    def is_closed_by_peer(self) -> bool:
        """Whether a close_notify came."""
        found = self._connection
        return found is not None and bool(found.get_shutdown() & SSL.RECEIVED_SHUTDOWN)


class PeerFactory(protocol.ServerFactory):
    """Lets only *peer* open the data connection that *inner* waits for."""

    def __init__(self, inner: ftp.DTPFactory, peer: str) -> None:
        self._inner = inner
        self._peer = peer

    def buildProtocol(self, addr: IAddress | None) -> protocol.Protocol | None:
        """The checked data connection, or None for a stranger."""
        if peer_of(addr) != self._peer:
            return None
        plain = self._inner.buildProtocol(addr)
        if plain is None:
            return None
        checked = CheckedDTP()
        checked.factory, checked.pi = plain.factory, plain.pi
        checked.pi.dtpInstance = checked
        return checked
