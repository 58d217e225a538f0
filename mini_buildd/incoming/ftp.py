"""The incoming FTP server: files go into the spool, nothing comes out (RFC 959, RFC 2428).

On Twisted's FTP protocol, with its known traps closed: a transfer that is cut is told so and
forgotten, and so is one that stands still; data connections are taken from the controlling peer
only and on its interface; nothing is read from them before there is a file to put it into; active
mode (by which a server can be made to connect anywhere) is refused.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from twisted.cred.checkers import AllowAnonymousAccess
from twisted.cred.portal import IRealm, Portal
from twisted.internet import defer, error, protocol
from twisted.internet.interfaces import IAddress, IConsumer, IListeningPort
from twisted.internet.threads import deferToThreadPool
from twisted.protocols import ftp
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from mini_buildd.deb.names import MalformedName, PlainFilename
from mini_buildd.incoming.sessions import Sessions
from mini_buildd.incoming.spool import Arrival, Part, Spool, SpoolFull

_MAX_CONNECTIONS = 200
_MAX_ANSWER_CHARACTERS = 500
_UNPRINTABLE = re.compile(r"[^ -~]")


class NoRoom(ftp.FTPCmdError):
    """The file or the spool would grow past its bound."""

    errorCode = ftp.EXCEEDED_STORAGE_ALLOC


class NameRefused(ftp.FTPCmdError):
    """A name that no file of an upload can have."""

    errorCode = ftp.FILENAME_NOT_ALLOWED


class NoDataConnection(ftp.FTPCmdError):
    """There is no free port for it, or nobody came."""

    errorCode = ftp.CANT_OPEN_DATA_CNX


# Twisted's own texts for these two say nothing of the cause.
ftp.RESPONSE[ftp.EXCEEDED_STORAGE_ALLOC] = "552 Not stored: %s"
ftp.RESPONSE[ftp.FILENAME_NOT_ALLOWED] = "553 Not a plain file name: %s"


@implementer(IConsumer)
class SpoolConsumer:
    """Writes what arrives on a data connection into a part of the spool."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self.failure: Exception | None = None

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: FBT001  # the interface has it so
        """Somebody sends (IConsumer)."""

    def unregisterProducer(self) -> None:
        """The data connection is gone (IConsumer)."""

    def write(self, data: bytes) -> None:
        """Append; when there is no room, forget the file at once (IConsumer).

        What is still sent is read all the same and dropped: clients that are hung up on see a
        broken pipe and never read the answer that says why.
        """
        if self.failure is not None:
            return
        try:
            self._part.write(data)
        except (SpoolFull, OSError) as fault:
            self.fail(NoRoom(str(fault)))

    def fail(self, failure: Exception) -> None:
        """The transfer did not come to its proper end."""
        self.failure = failure
        self._part.abort()


class CheckedDTP(ftp.DTP, TimeoutMixin):
    """A data connection that tells a proper end from a cut one, and is cut when it stands still."""

    pi: Any
    transport: Any

    def connectionMade(self) -> None:
        """Read nothing yet: Twisted would keep in memory all that comes before its STOR."""
        super().connectionMade()
        self.transport.pauseProducing()
        self.setTimeout(self.pi.timeOut)

    def registerConsumer(self, cons: Any) -> defer.Deferred[Any]:
        """Now somebody wants the data."""
        done: defer.Deferred[Any] = super().registerConsumer(cons)
        self.transport.resumeProducing()
        return done

    def dataReceived(self, data: bytes) -> None:
        """It does not stand still."""
        self.resetTimeout()
        super().dataReceived(data)

    def timeoutConnection(self) -> None:
        """Whoever sends nothing for so long will send no more."""
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        """Only an orderly close completes a transfer."""
        self.setTimeout(None)
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
    dtpInstance: Any
    dtpFactory: Any
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

    # The control connection may be lost while a command is under way; Twisted's own methods fail
    # then, or start a timer that nobody stops.

    def sendLine(self, line: str | bytes) -> None:
        """Answer in one short line, whatever of a command it repeats, if somebody can hear it."""
        text = line if isinstance(line, str) else line.decode("latin-1")
        if self.transport is not None:
            super().sendLine(_UNPRINTABLE.sub("?", text[:_MAX_ANSWER_CHARACTERS]))

    def resumeProducing(self) -> None:
        """Read on, when there is something to read from."""
        if self.transport is not None:
            super().resumeProducing()

    def setTimeout(self, period: float | None) -> None:
        """Count anew, when there is something to close."""
        super().setTimeout(period if self.transport is not None else None)

    def getDTPPort(self, factory: ftp.DTPFactory, interface: str = "") -> IListeningPort:
        """Listen for the data connection where the control connection came in.

        For EPSV Twisted asks for the wildcard *interface*, where our peer looks like a stranger.
        """
        del interface
        host = self.transport.getHost().host
        try:
            port: IListeningPort = super().getDTPPort(
                PeerFactory(factory, self.peer), interface=host
            )
        except error.CannotListenError:
            factory.stopFactory()
            self.dtpFactory = None
            raise NoDataConnection from None
        return port

    def cleanupDTP(self) -> None:
        """Close the data connection as well: what comes over it belongs to nothing any more."""
        data = self.dtpInstance
        super().cleanupDTP()
        if data is not None and data.isConnected:
            data.transport.abortConnection()

    def ftp_PASV(self) -> defer.Deferred[Any]:
        """Wait for the data connection."""
        answer: defer.Deferred[Any] = super().ftp_PASV()
        return answer.addErrback(_nobody_came)

    def ftp_EPSV(self, protocol: str = "") -> Any:
        """Wait for the data connection; "ALL" has an answer at once."""
        answer = super().ftp_EPSV(protocol)
        return answer if isinstance(answer, str) else answer.addErrback(_nobody_came)

    def type_A(self, code: str) -> Any:
        """Take every byte as it comes all the same: the signed digests are over just these."""
        answer = super().type_A(code)
        self.binary = True
        return answer

    def ftp_STOR(self, path: str) -> defer.Deferred[Any]:
        """Receive a file on behalf of this peer."""
        shell = self.shell
        shell.peer, shell.file = self.peer, None
        if self.dtpInstance is not None and not self.dtpInstance.isConnected:
            self.cleanupDTP()
            raise NoDataConnection
        answer: defer.Deferred[Any] = super().ftp_STOR(path)
        return answer.addBoth(self._transfer_over, shell)

    def _transfer_over(self, answer: Any, shell: "IncomingShell") -> Any:
        """Give back what the transfer held, and tell how it really ended."""
        if self.dtpFactory is not None:
            self.cleanupDTP()
        failure = shell.file.finish() if shell.file is not None else None
        if isinstance(failure, ftp.FTPCmdError):
            raise failure
        return answer if failure is None else (ftp.CNX_CLOSED_TXFR_ABORTED,)

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

    def ftp_RNFR(self, fromName: str) -> NoReturn:
        """Nothing here can be renamed."""
        del fromName
        raise ftp.CmdNotImplementedError("RNFR")

    def ftp_RNTO(self, toName: str) -> NoReturn:
        """Nothing here can be renamed."""
        del toName
        raise ftp.CmdNotImplementedError("RNTO")


def _nobody_came(failure: Failure) -> NoReturn:
    failure.trap(ftp.PortConnectionError)
    raise NoDataConnection


@implementer(ftp.IWriteFile)
class IncomingFile:
    """One STOR, from its first byte to the arrival in the spool."""

    def __init__(self, shell: "IncomingShell", name: PlainFilename) -> None:
        self._shell = shell
        self._name = name
        self._part = shell.factory.spool.open_part()
        self._consumer = SpoolConsumer(self._part)
        self._has_arrived = False

    def receive(self) -> defer.Deferred[SpoolConsumer]:
        """Where the data goes (IWriteFile)."""
        return defer.succeed(self._consumer)

    def close(self) -> defer.Deferred[None]:
        """Make it durable before the client is told that it is done (IWriteFile)."""
        if self._consumer.failure is not None:
            return defer.succeed(None)
        factory = self._shell.factory
        done = deferToThreadPool(factory.reactor, factory.pool, self._part.commit, self._name)
        return done.addCallbacks(self._arrived, self._not_stored)

    def finish(self) -> Exception | None:
        """Why it did not arrive, or None; what was received is forgotten then."""
        if self._has_arrived:
            return None
        if self._consumer.failure is None:
            self._consumer.fail(ConnectionAbortedError("the transfer never began"))
        return self._consumer.failure

    def _arrived(self, arrival: Arrival) -> None:
        self._has_arrived = True
        self._shell.factory.sessions.brought(self._shell.peer, arrival)
        self._shell.factory.changed()

    def _not_stored(self, failure: Failure) -> None:
        failure.trap(OSError)
        self._consumer.fail(NoRoom(str(failure.value)))


def _refused(*_: object, **__: object) -> defer.Deferred[Any]:
    return defer.fail(ftp.PermissionDeniedError("this is a drop box"))


@implementer(ftp.IFTPShell)
class IncomingShell:
    """What a client sees: one empty folder that files can be dropped into."""

    def __init__(self, factory: "IncomingFactory") -> None:
        self.factory = factory
        self.peer = ""
        self.file: IncomingFile | None = None

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
            self.file = IncomingFile(self, PlainFilename(path[-1] if path else ""))
            return defer.succeed(self.file)
        except MalformedName as fault:
            return defer.fail(NameRefused(fault.text))
        except (SpoolFull, OSError) as fault:
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
