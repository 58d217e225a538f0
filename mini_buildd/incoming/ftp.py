"""The incoming FTP server: files go into the spool, nothing comes out (RFC 959, 2428, 4217).

On Twisted's FTP protocol, with its known traps closed: a transfer that is cut is told so and
forgotten, and so is one that stands still; data connections are taken from the controlling peer
only and on its interface; nothing is read from them before there is a file to put it into; active
mode (by which a server can be made to connect anywhere) is refused.
"""

import inspect
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from twisted.cred.checkers import AllowAnonymousAccess
from twisted.cred.portal import Portal
from twisted.internet import defer, error, protocol
from twisted.internet.interfaces import IListeningPort
from twisted.protocols import ftp
from twisted.python.failure import Failure

from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.ftp_data import PeerFactory
from mini_buildd.incoming.ftp_shell import IncomingRealm, IncomingShell
from mini_buildd.incoming.ftp_tls import SecuredFTP, TlsUse
from mini_buildd.incoming.peers import peer_of
from mini_buildd.incoming.tls import TlsContext

_MAX_ANSWER_CHARACTERS = 500
_UNPRINTABLE = re.compile(r"[^ -~]")


class NoDataConnection(ftp.FTPCmdError):
    """There is no free port for it, or nobody came."""

    errorCode = ftp.CANT_OPEN_DATA_CNX


class IncomingFTP(SecuredFTP):
    """The control connection."""

    factory: "IncomingFactory"
    transport: Any
    shell: Any
    dtpInstance: Any
    dtpFactory: Any
    dtpPort: Any
    peer = ""
    _is_let_in = False

    def connectionMade(self) -> None:
        """Count the session, if there may be one more."""
        self.peer = peer_of(self.transport.getPeer())
        self._is_let_in = self.factory.dock.sessions.may_begin(self.peer)
        if not self._is_let_in:
            self.reply(ftp.TOO_MANY_CONNECTIONS)
            self.transport.loseConnection()
            return
        self.factory.dock.sessions.begin(self.peer)
        super().connectionMade()

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        """Nothing more comes over this connection."""
        super().connectionLost(reason)
        if self._is_let_in:
            self.factory.dock.sessions.end(self.peer)
            self.factory.dock.changed()

    def lineReceived(self, line: bytes) -> None:
        """Obey, unless nobody was let in."""
        if self._is_let_in:
            super().lineReceived(line)

    def processCommand(self, cmd: str, *params: str) -> Any:
        """Obey commands with the arguments that they want; at others Twisted would blame itself."""
        name = cmd.upper()
        method = getattr(self, f"ftp_{name}", None)
        given = params if params != ("",) or name in ("PASS", "STOR") else ()
        if method is not None and not _takes(method, given):
            return (ftp.SYNTAX_ERR_IN_ARGS, name)
        if name == "PASS" and self.state == self.AUTHED:
            raise ftp.BadCmdSequenceError("USER comes first")
        return super().processCommand(name, *given)

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
        try:
            host = str(self.transport.getHost().host)
            port: IListeningPort = super().getDTPPort(
                PeerFactory(factory, self.peer), interface=_interface(host)
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

    def reply(self, key: str, *args: object) -> None:
        """Answer; where the data connection goes is as clients see it from outside."""
        public = self.factory.public_address
        if key == ftp.ENTERING_PASV_MODE and public:
            port = self.dtpPort.getHost().port
            args = (ftp.encodeHostPort(public, port),)
        super().reply(key, *args)

    def ftp_USER(self, username: str) -> Any:
        """Everybody is anonymous here, by whatever name."""
        return super().ftp_USER(username and self.factory.userAnonymous)

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
        self.demand_private_data()
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

    def ftp_LIST(self, path: str = "") -> defer.Deferred[Any]:
        """A listing: nobody sees what others sent, and so it is empty."""
        del path
        if self.dtpInstance is None or not self.dtpInstance.isConnected:
            raise ftp.BadCmdSequenceError("PASV or EPSV comes first")
        self.demand_private_data()
        self.reply(ftp.DATA_CNX_ALREADY_OPEN_START_XFR)
        over: defer.Deferred[Any] = self.dtpInstance.end()
        return over.addCallback(lambda _: (ftp.TXFR_COMPLETE_OK,))

    ftp_NLST = ftp_LIST

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


def _takes(method: Callable[..., object], arguments: tuple[str, ...]) -> bool:
    try:
        inspect.signature(method).bind(*arguments)
    except TypeError:
        return False
    return True


def _nobody_came(failure: Failure) -> NoReturn:
    failure.trap(ftp.PortConnectionError)
    raise NoDataConnection


def _interface(host: str) -> str:
    """Where to listen for who came in at *host*.

    An address that is good on one link only is not enough to listen at, and Twisted has not kept
    which link that is.
    """
    try:
        is_of_link = ipaddress.ip_address(host.partition("%")[0]).is_link_local
    except ValueError:
        return host
    return "::" if is_of_link and ":" in host else host


@dataclass(frozen=True, slots=True)
class FtpWire:
    """How the server meets the network; *public_address* is what PASV tells, if not our own."""

    passive_ports: range = range(1)
    public_address: str = ""
    tls_use: TlsUse = TlsUse.OFF


class IncomingFactory(ftp.FTPFactory):
    """The FTP server."""

    protocol = IncomingFTP
    connectionLimit: Any = None  # the sessions know
    welcomeMessage = "mini-buildd incoming"

    def __init__(self, dock: Dock, wire: FtpWire, tls: TlsContext | None = None) -> None:
        realm: Any = IncomingRealm(dock)
        checkers: Any = [AllowAnonymousAccess()]
        super().__init__(Portal(realm, checkers))
        self.dock = dock
        self.timeOut = dock.idle_seconds
        self.passivePortRange = wire.passive_ports
        self.public_address = wire.public_address
        self.tls_use = wire.tls_use
        self.tls = None if wire.tls_use is TlsUse.OFF else tls
