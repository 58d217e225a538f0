"""The incoming SFTP server: an account's files go into the spool, and nothing else is to be had.

On Twisted's SSH, of which only what OpenSSH itself still offers is left: no SHA-1, no CBC, no
compression. There is no shell, no command, no forwarding, no agent, and one kind of channel.
"""

import logging
import struct
from typing import Any

from twisted.conch.ssh import channel, connection, factory, transport, userauth
from twisted.conch.ssh.common import NS, getNS
from twisted.conch.ssh.keys import Key
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IAddress
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure

from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.peers import peer_of
from mini_buildd.incoming.rates import Brake
from mini_buildd.incoming.sftp_entrance import SIGNATURES, Entrance, MayEnter
from mini_buildd.incoming.sftp_files import DropBox
from mini_buildd.incoming.sftp_server import SftpServer
from mini_buildd.incoming.ssh_packets import PacketReader
from mini_buildd.incoming.tap import Tap

_log = logging.getLogger(__name__)

_LOGIN_SECONDS = 120
_MAX_CHANNELS = 10
# One round trip to the other end of the world at 100 MB/s and more.
_WINDOW_BYTES = 16 << 20
_CHANNEL_PACKET_BYTES = 128 << 10
_READ_BYTES = 256 << 10
# Answers that a client does not fetch are not kept for it.
_MAX_UNSENT_BYTES = 1 << 20

_KEY_EXCHANGES = (
    b"mlkem768x25519-sha256",
    b"curve25519-sha256",
    b"curve25519-sha256@libssh.org",
    b"ecdh-sha2-nistp256",
    b"ecdh-sha2-nistp384",
    b"ecdh-sha2-nistp521",
)
_ONLY_SFTP = (
    b"mini-buildd: there is no shell here and no command, only SFTP.\r\n"
    b"  Use sftp, or scp without -O (with -s before OpenSSH 9.0).\r\n"
)


class SftpChannel(channel.SSHChannel):
    """A session: the subsystem sftp, or a word on why there is nothing else."""

    name = b"session"
    conn: Any

    def __init__(self, dock: Dock, box: DropBox, window_bytes: int, packet_bytes: int) -> None:
        self._dock = dock
        super().__init__(
            localWindow=_WINDOW_BYTES,
            localMaxPacket=_CHANNEL_PACKET_BYTES,
            remoteWindow=window_bytes,
            remoteMaxPacket=min(packet_bytes, _CHANNEL_PACKET_BYTES),
        )
        self._box = box
        self._server: SftpServer | None = None
        self._is_leaving = False

    def requestReceived(self, requestType: bytes, data: bytes) -> bool:
        """What the client wants of the session."""
        if requestType == b"subsystem" and self._server is None and getNS(data)[0] == b"sftp":
            self._server = SftpServer(self._box, self._tell, self._complain, self.loseConnection)
            return True
        if requestType not in (b"shell", b"exec") or self._is_leaving:
            return False
        self._is_leaving = True
        # After its scp, dput wants modes changed when they are not 644; they mean nothing here.
        is_chmod = requestType == b"exec" and getNS(data)[0].startswith(b"chmod ")
        if not is_chmod:
            self.writeExtended(connection.EXTENDED_DATA_STDERR, _ONLY_SFTP)
        status = struct.pack("!L", 0 if is_chmod else 1)
        self._dock.reactor.callLater(0, self._leave, status)
        return True

    def _leave(self, status: bytes) -> None:
        if not self.localClosed:
            self.conn.sendRequest(self, b"exit-status", status)
            self.loseConnection()

    def dataReceived(self, data: bytes) -> None:
        """Something that came in one piece."""
        self.take(data)

    def take(self, *pieces: bytes | memoryview) -> None:
        """Something for SFTP."""
        if self._server is not None:
            self._server.receive(*pieces)

    def _tell(self, data: bytes) -> None:
        self.write(data)
        if len(self.buf) > _MAX_UNSENT_BYTES:
            self.conn.transport.loseConnection()

    def _complain(self, line: str) -> None:
        self.writeExtended(connection.EXTENDED_DATA_STDERR, f"{line}\r\n".encode())

    def eofReceived(self) -> None:
        """The client has no more requests."""
        self._leave(struct.pack("!L", 0))

    def closed(self) -> None:
        """The session is over."""
        if self._server is not None:
            self._server.end()


class IncomingConnection(connection.SSHConnection):
    """Channels: sessions, a few of them."""

    transport: Any

    def ssh_CHANNEL_OPEN(self, packet: bytes) -> None:
        """Open a session, or say that there is nothing else."""
        kind, rest = getNS(packet)
        if kind == b"session" and len(self.channels) < _MAX_CHANNELS:
            super().ssh_CHANNEL_OPEN(packet)
            return
        self.transport.sendPacket(
            connection.MSG_CHANNEL_OPEN_FAILURE,
            rest[:4]
            + struct.pack("!L", connection.OPEN_ADMINISTRATIVELY_PROHIBITED)
            + NS(b"there are only sessions of SFTP here")
            + NS(b""),
        )

    def take_data(self, local: int, length: int, *pieces: bytes | memoryview) -> None:
        """Data of a channel, as ssh_CHANNEL_DATA does it; raises KeyError."""
        found: Any = self.channels[local]
        if length > min(found.localWindowLeft, found.localMaxPacket):
            raise ValueError("more data than there is a window for")
        found.localWindowLeft -= length
        if found.localWindowLeft < found.localWindowSize // 2:
            self.adjustWindow(found, found.localWindowSize - found.localWindowLeft)
        found.take(*pieces)

    def getChannel(
        self, channelType: bytes, windowSize: int, maxPacket: int, data: bytes
    ) -> SftpChannel:
        """A session (SSHConnection)."""
        del channelType, data
        dock = self.transport.factory.dock
        box = DropBox(dock, self.transport.peer, self.transport)
        made = SftpChannel(dock, box, windowSize, maxPacket)
        made.conn = self
        return made

    def gotGlobalRequest(self, requestType: bytes, data: bytes) -> int:
        """Nothing is forwarded (SSHConnection)."""
        del requestType, data
        return 0


class IncomingAuth(userauth.SSHUserAuthServer):
    """Signing in, with less patience than Twisted's."""

    transport: Any
    portal: Any
    _is_asking = False

    def serviceStarted(self) -> None:
        """Ask the accounts."""
        super().serviceStarted()
        self.portal = self.portal.of(self.transport.peer)

    def take_data(self, local: int, length: int, *pieces: bytes | memoryview) -> None:
        """There is no channel yet."""
        del length, pieces
        raise ValueError(f"data for channel {local} of nobody")

    def ssh_USERAUTH_REQUEST(self, packet: bytes) -> Any:
        """Try to sign in; one try at a time, so that nobody can fill the threads with theirs."""
        if self._is_asking:
            self.transport.sendDisconnect(transport.DISCONNECT_PROTOCOL_ERROR, b"too hasty")
            return None
        self._is_asking = True
        tried = super().ssh_USERAUTH_REQUEST(packet)
        return tried and tried.addBoth(self._answered)

    def _answered(self, result: Any) -> Any:
        self._is_asking = False
        return result

    def auth_publickey(self, packet: bytes) -> Deferred[Any]:
        """Sign in with a key of a kind that is still good."""
        if getNS(packet[1:])[0] not in SIGNATURES:
            return fail(UnauthorizedLogin("a kind of key or signature that is not taken"))
        tried: Deferred[Any] = super().auth_publickey(packet)
        return tried


class IncomingTransport(PacketReader, TimeoutMixin):
    """The SSH connection of a peer."""

    factory: Any
    transport: Any
    ourVersionString = b"SSH-2.0-mini-buildd"
    supportedCiphers = [b"aes128-ctr", b"aes192-ctr", b"aes256-ctr"]  # noqa: RUF012  # Twisted's form
    supportedMACs = [b"hmac-sha2-256", b"hmac-sha2-512"]  # noqa: RUF012  # the same
    supportedCompressions = [b"none"]  # noqa: RUF012  # the same
    peer = ""
    _is_let_in = False
    _brake: Brake | None = None
    _grace: Any = None

    def connectionMade(self) -> None:
        """Count the session, if there may be one more."""
        dock = self.factory.dock
        self._tap = Tap(self.transport)
        self.peer = peer_of(self.transport.getPeer())
        self._is_let_in = dock.sessions.may_begin(self.peer)
        if not self._is_let_in:
            self.transport.loseConnection()
            return
        dock.sessions.begin(self.peer)
        self._brake = Brake(dock.rates, self.peer, self)
        self.transport.bufferSize = _READ_BYTES
        self.transport.registerProducer(self, True)  # noqa: FBT003  # the interface has it so
        self.setTimeout(dock.idle_seconds)
        self._grace = dock.reactor.callLater(_LOGIN_SECONDS, self._end_of_grace)
        super().connectionMade()

    def _end_of_grace(self) -> None:
        """Whoever has not signed in by now will not."""
        if not hasattr(self, "avatar"):
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure | None = None) -> None:
        """Nothing more comes over this connection."""
        self.setTimeout(None)
        if not self._is_let_in:
            return
        if self._brake is not None:
            self._brake.release()
        if self._grace is not None and self._grace.active():
            self._grace.cancel()
        super().connectionLost(reason)
        self.factory.dock.sessions.end(self.peer)
        self.factory.dock.changed()

    def dataReceived(self, data: bytes) -> None:
        """The next bytes; what is not SSH ends the connection in one line of the log."""
        if not self._is_let_in or self.transport.disconnecting:
            return
        self.resetTimeout()
        try:
            super().dataReceived(data)
        except Exception as error:  # noqa: BLE001  # whatever a stranger's bytes have led to
            _log.info("no SSH from %s: %r", self.peer, error)
            self.transport.abortConnection()
            return
        if self._brake is not None:
            self._brake.took(len(data))

    def sendExtInfo(self, extensions: Any) -> None:
        """Which signatures of clients are taken; Twisted would tell our own (RFC 8308 §3.1)."""
        del extensions
        super().sendExtInfo([(b"server-sig-algs", b",".join(SIGNATURES))])

    def receiveError(self, reasonCode: int, description: bytes) -> None:
        """The client says good-bye; Twisted would log it as an error."""

    def timeoutConnection(self) -> None:
        """Whoever sends nothing for so long will send no more."""
        self.transport.abortConnection()

    # --- reading, and not ----------------------------------------------------------------

    def wait(self) -> None:
        """The peer is too fast: it is we who let it stand still (Slowed)."""
        self.setTimeout(None)
        self._tap.hold("rate")

    def go_on(self) -> None:
        """Read again (Slowed)."""
        self.setTimeout(self.factory.dock.idle_seconds)
        self._tap.let_go("rate")

    def pauseProducing(self) -> None:
        """The peer does not fetch its answers: give no more of them (IPushProducer)."""
        self._tap.hold("answers")

    def resumeProducing(self) -> None:
        """It does (IPushProducer)."""
        if self.transport.disconnecting:
            self.transport.unregisterProducer()
        self._tap.let_go("answers")

    def stopProducing(self) -> None:
        """The connection is gone (IPushProducer)."""

    def pause(self) -> None:
        """The disk is behind (Sender)."""
        self._tap.hold("disk")

    def resume(self) -> None:
        """It is not any more (Sender)."""
        self._tap.let_go("disk")


class SftpFactory(factory.SSHFactory):
    """The SFTP server; *may_enter* is asked in a thread."""

    protocol = IncomingTransport
    services = {  # noqa: RUF012  # Twisted's form
        b"ssh-userauth": IncomingAuth,
        b"ssh-connection": IncomingConnection,
    }

    def __init__(self, dock: Dock, keys: list[Key], may_enter: MayEnter) -> None:
        self.dock = dock
        self.portal: Any = Entrance(dock.reactor, dock.pool, may_enter)
        self.privateKeys = {key.sshType(): key for key in keys}
        self.publicKeys = {key.sshType(): key.public() for key in keys}

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """A connection, without what is too old."""
        made: Any = super().buildProtocol(addr)
        made.supportedKeyExchanges = [
            each for each in _KEY_EXCHANGES if each in made.supportedKeyExchanges
        ]
        made.supportedPublicKeys = [each for each in made.supportedPublicKeys if each != b"ssh-rsa"]
        return made
