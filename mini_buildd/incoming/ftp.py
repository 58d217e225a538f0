"""The incoming FTP server: files go into the spool, nothing comes out (RFC 959, RFC 2428).

On Twisted's FTP protocol, with its known traps closed: a transfer that is cut is told so and
forgotten, data connections are taken from the controlling peer only and on its interface, active
mode (by which a server can be made to connect anywhere) is refused.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from twisted.cred.checkers import AllowAnonymousAccess
from twisted.cred.portal import IRealm, Portal
from twisted.internet import defer, error, protocol
from twisted.internet.interfaces import IAddress, IConsumer, IListeningPort
from twisted.internet.threads import deferToThreadPool
from twisted.protocols import ftp
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from mini_buildd.deb.names import MalformedName, PlainFilename
from mini_buildd.incoming.sessions import Sessions
from mini_buildd.incoming.spool import Arrival, Part, Spool, SpoolFull

_MAX_CONNECTIONS = 200


class NoRoom(ftp.FTPCmdError):
    """The file or the spool would grow past its bound."""

    errorCode = ftp.EXCEEDED_STORAGE_ALLOC


class NameRefused(ftp.FTPCmdError):
    """A name that no file of an upload can have."""

    errorCode = ftp.FILENAME_NOT_ALLOWED


# Twisted's own texts for these two say nothing of the cause.
ftp.RESPONSE[ftp.EXCEEDED_STORAGE_ALLOC] = "552 Not stored: %s"
ftp.RESPONSE[ftp.FILENAME_NOT_ALLOWED] = "553 Not a plain file name: %s"


@implementer(IConsumer)
class SpoolConsumer:
    """Writes what arrives on a data connection into a part of the spool."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._producer: Any = None
        self.failure: Exception | None = None

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: FBT001  # the interface has it so
        """Remember who sends, so as to stop it (IConsumer)."""
        del streaming
        self._producer = producer

    def unregisterProducer(self) -> None:
        """The data connection is gone (IConsumer)."""
        self._producer = None

    def write(self, data: bytes) -> None:
        """Append; when there is no room, forget the file and hang up (IConsumer)."""
        if self.failure is not None:
            return
        try:
            self._part.write(data)
        except (SpoolFull, OSError) as fault:
            self.fail(NoRoom(str(fault)))
            if self._producer is not None:
                self._producer.stopProducing()

    def fail(self, failure: Exception) -> None:
        """The transfer did not come to its proper end."""
        self.failure = failure
        self._part.abort()


class CheckedDTP(ftp.DTP):
    """A data connection that tells a proper end from a cut one."""

    pi: Any

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        """Only an orderly close completes a transfer."""
        consumer = self._cons
        if isinstance(consumer, SpoolConsumer) and not reason.check(error.ConnectionDone):
            consumer.fail(ConnectionAbortedError("the data connection was cut"))
        super().connectionLost(reason)


class PeerFactory(protocol.ServerFactory):
    """Lets only *peer* open the data connection that *inner* waits for."""

    def __init__(self, inner: ftp.DTPFactory, peer: str) -> None:
        self._inner = inner
        self._peer = peer

    def buildProtocol(self, addr: IAddress | None) -> protocol.Protocol | None:
        """The checked data connection, or None for a stranger."""
        if getattr(addr, "host", None) != self._peer:
            return None
        plain = self._inner.buildProtocol(addr)
        if plain is None:
            return None
        checked = CheckedDTP()
        checked.factory, checked.pi = plain.factory, plain.pi
        checked.pi.dtpInstance = checked
        return checked


class IncomingFTP(ftp.FTP):
    """The control connection."""

    factory: "IncomingFactory"
    transport: Any
    shell: Any
    peer = ""

    def connectionMade(self) -> None:
        """Count the session."""
        self.peer = self.transport.getPeer().host
        self.factory.sessions.begin(self.peer)
        super().connectionMade()

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        """Nothing more comes over this connection."""
        super().connectionLost(reason)
        self.factory.sessions.end(self.peer)
        self.factory.changed()

    def getDTPPort(self, factory: ftp.DTPFactory, interface: str = "") -> IListeningPort:
        """Listen for the data connection where the control connection came in."""
        host = interface or self.transport.getHost().host
        port: IListeningPort = super().getDTPPort(PeerFactory(factory, self.peer), interface=host)
        return port

    def ftp_STOR(self, path: str) -> defer.Deferred[Any]:
        """Receive a file on behalf of this peer."""
        self.shell.peer = self.peer
        answer: defer.Deferred[Any] = super().ftp_STOR(path)
        return answer

    def ftp_NLST(self, path: str = "") -> defer.Deferred[Any]:
        """A listing; RFC 959 lets the argument be left out."""
        answer: defer.Deferred[Any] = super().ftp_NLST(path)
        return answer

    def ftp_PORT(self, address: str) -> NoReturn:
        """Active mode is not offered."""
        del address
        raise ftp.CmdNotImplementedError("PORT")

    def ftp_EPRT(self, extendedAddress: str) -> NoReturn:
        """Active mode is not offered."""
        del extendedAddress
        raise ftp.CmdNotImplementedError("EPRT")


@implementer(ftp.IWriteFile)
class IncomingFile:
    """One STOR, from its first byte to the arrival in the spool."""

    def __init__(self, shell: "IncomingShell", name: PlainFilename) -> None:
        self._shell = shell
        self._name = name
        self._part = shell.factory.spool.open_part()
        self._consumer = SpoolConsumer(self._part)

    def receive(self) -> defer.Deferred[SpoolConsumer]:
        """Where the data goes (IWriteFile)."""
        return defer.succeed(self._consumer)

    def close(self) -> defer.Deferred[None]:
        """Make it durable before the client is told that it is done (IWriteFile)."""
        if self._consumer.failure is not None:
            return defer.fail(self._consumer.failure)
        factory = self._shell.factory
        done = deferToThreadPool(factory.reactor, factory.pool, self._part.commit, self._name)
        return done.addCallback(self._arrived)

    def _arrived(self, arrival: Arrival) -> None:
        self._shell.factory.sessions.brought(self._shell.peer, arrival)
        self._shell.factory.changed()


def _refused(*_: object, **__: object) -> defer.Deferred[Any]:
    return defer.fail(ftp.PermissionDeniedError("this is a drop box"))


@implementer(ftp.IFTPShell)
class IncomingShell:
    """What a client sees: one empty folder that files can be dropped into."""

    def __init__(self, factory: "IncomingFactory") -> None:
        self.factory = factory
        self.peer = ""

    makeDirectory = removeDirectory = removeFile = rename = openForReading = stat = staticmethod(
        _refused
    )

    def access(self, path: Sequence[str]) -> defer.Deferred[None]:
        """Any folder may be entered: they are all the same one."""
        del path
        return defer.succeed(None)

    def list(self, path: Sequence[str], keys: Sequence[str] = ()) -> defer.Deferred[list[Any]]:
        """Nobody sees what others sent."""
        del path, keys
        return defer.succeed([])

    def openForWriting(self, path: Sequence[str]) -> defer.Deferred[IncomingFile]:
        """Begin to receive; folders in *path* do not matter, the name must be a plain one."""
        try:
            return defer.succeed(IncomingFile(self, PlainFilename(path[-1] if path else "")))
        except MalformedName as fault:
            return defer.fail(NameRefused(fault.text))
        except OSError as fault:
            return defer.fail(NoRoom(str(fault)))


@implementer(IRealm)
class IncomingRealm:
    """Everybody is anonymous here: trust comes from the signature on the .changes."""

    def __init__(self, factory: "IncomingFactory") -> None:
        self._factory = factory

    def requestAvatar(self, avatarId: object, mind: object, *interfaces: object) -> Any:
        """A shell for the session (IRealm)."""
        del avatarId, mind, interfaces
        return ftp.IFTPShell, IncomingShell(self._factory), lambda: None


class IncomingFactory(ftp.FTPFactory):
    """The FTP server: *changed* is called whenever there may be something new in the spool."""

    protocol = IncomingFTP
    connectionLimit: Any = _MAX_CONNECTIONS
    welcomeMessage = "mini-buildd incoming"

    def __init__(
        self,
        *,
        reactor: Any,
        pool: ThreadPool,
        spool: Spool,
        sessions: Sessions,
        changed: Callable[[], None],
        passive_ports: range,
    ) -> None:
        realm: Any = IncomingRealm(self)
        checkers: Any = [AllowAnonymousAccess()]
        super().__init__(Portal(realm, checkers))
        self.reactor = reactor
        self.pool = pool
        self.spool = spool
        self.sessions = sessions
        self.changed = changed
        self.passivePortRange = passive_ports
