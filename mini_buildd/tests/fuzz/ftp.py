"""Dialogues with the FTP server: a line an act, most of them a command."""

from pathlib import Path
from typing import Any

from twisted.internet import defer, error
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IListeningPort
from zope.interface import implementer

from mini_buildd.incoming.ftp import FtpWire, IncomingFactory
from mini_buildd.incoming.ftp_tls import TlsUse
from mini_buildd.incoming.sessions import Sessions
from mini_buildd.tests.fuzz.target import Take, Target, Wrong
from mini_buildd.tests.fuzz.wires import (
    PEER,
    SERVER,
    STRANGER,
    AtOnce,
    TriedSpool,
    Wire,
    dock_of,
    nothing_logged,
)

_CLIENT = b"""USER anonymous
PASS x
TYPE I
EPSV
+
STOR hello_1.0-1.dsc
=Format: 3.0 (quilt)
.
PASV
+
STOR hello_1.0-1_source.changes
=Format: 1.8
x
QUIT"""
_CLIENT_OF_TLS = b"""AUTH TLS
USER anonymous
PASS x
PBSZ 0
PROT P
TYPE A
CWD /
PASV
!
+
NLST
EPSV ALL
EPSV 1
+
STOR ../hello
=x
.
NOOP"""
# What Twisted alone would answer with "internal server error".
_ONCE_WRONG = b"""USER anonymous
PASS x
PASS x
FEAT 0
TYPE\x20
TYPE
STOR
NOOP x
AUTH
PROT
QUIT now"""
_WORDS = (
    *(
        b"\nABOR,ALLO 9,APPE x,DELE x,EPRT |1|1.2.3.4|99|,FEAT,HELP,LIST,MDTM x,MKD x,MLST".split(
            b","
        )
    ),
    *(b"MODE S,NLST,PORT 1;2;3;4;5;6,REIN,REST 5,RETR x,RMD x,RNFR x,RNTO x,SITE x".split(b",")),
    *(
        b"SIZE x,SMNT /,STAT,STOU,STRU F,SYST,PROT C,PBSZ 0,AUTH TLS,\n+\n,\n.\n,\nx\n,\n!\n".split(
            b","
        )
    ),
    b"../",
    b"\xff\xf4\xff\xf2",
    b"\n>",
    b"\0",
)


@implementer(IListeningPort)
class _Port:
    """Where a data connection is awaited."""

    def __init__(self, factory: Any) -> None:
        self.factory = factory

    def getHost(self) -> IPv4Address:
        """Any (IListeningPort)."""
        return IPv4Address("TCP", SERVER, 50_000)

    def startListening(self) -> None:
        """It does (IListeningPort)."""

    def stopListening(self) -> defer.Deferred[None]:
        """Nobody is let in any more (IListeningPort)."""
        self.factory = None
        return defer.succeed(None)


class _Dialogue:
    """One client with its control connection and its data connections."""

    def __init__(self, factory: IncomingFactory) -> None:
        self._ports: list[_Port] = []
        self._data: list[Wire] = []
        protocol: Any = factory.buildProtocol(IPv4Address("TCP", PEER, 40_000))
        protocol.wrappedProtocol.listenFactory = self._listen
        self.control = Wire(protocol)

    def _listen(self, number: int, factory: Any, **_: object) -> _Port:
        del number
        self._ports.append(_Port(factory))
        return self._ports[-1]

    def act(self, line: bytes) -> None:
        """What one line says."""
        kind, rest = line[:1], line[1:]
        if kind in b"+!" and kind:
            self._connect(PEER if kind == b"+" else STRANGER)
        elif kind == b"=":
            for wire in self._data[-1:]:
                wire.send(rest)
        elif line in (b".", b"x"):
            for wire in self._data[-1:]:
                wire.end(error.ConnectionDone if line == b"." else error.ConnectionLost)
        elif self.control.connected:
            self.control.send(rest if kind == b">" else line + b"\r\n")

    def _connect(self, peer: str) -> None:
        if not self._ports or self._ports[-1].factory is None:
            return
        address = IPv4Address("TCP", peer, 50_001)
        protocol = self._ports[-1].factory.buildProtocol(address)
        if protocol is not None and peer != PEER:
            raise Wrong("a stranger has the data connection")
        if protocol is not None:
            self._data.append(Wire(protocol, peer))

    def end(self) -> None:
        """Whatever is still open is cut."""
        self.control.end()
        for wire in self._data:
            wire.end(error.ConnectionLost)


def _prepare(tls_use: TlsUse, folder: Path) -> Take:
    at_once: Any = AtOnce()
    spool, sessions = TriedSpool(folder / "spool"), Sessions()
    tls: Any = object()  # what is said in TLS is said in the clear here
    dock = dock_of(at_once, spool, sessions)
    factory = IncomingFactory(dock, FtpWire(tls_use=tls_use), tls)

    def take(data: bytes) -> str:
        with nothing_logged():
            dialogue = _Dialogue(factory)
            for line in data.split(b"\n"):
                dialogue.act(line)
            dialogue.end()
        if sessions._open:
            raise Wrong("somebody counts as connected who is not")
        if not all(line[:3].isdigit() or line[:1] == b" " for line in _answers(dialogue)):
            raise Wrong(f"no answer of FTP: {dialogue.control.value()!r}")
        arrived = spool.demand_sound()
        return f"{arrived} arrived" if arrived else "Nothing arrived"

    return take


def _answers(dialogue: _Dialogue) -> list[bytes]:
    return [line for line in dialogue.control.value().split(b"\r\n") if line]


FTP = (
    Target(
        name="ftp",
        prepare=lambda folder: _prepare(TlsUse.OFFERED, folder),
        seeds=(_CLIENT, _CLIENT_OF_TLS, _ONCE_WRONG),
        share=80_000,
        words=_WORDS,
    ),
    Target(
        name="ftps",
        prepare=lambda folder: _prepare(TlsUse.REQUIRED, folder),
        seeds=(b"AUTH TLS\n" + _CLIENT.replace(b"TYPE I", b"PBSZ 0\nPROT P"), _CLIENT_OF_TLS),
        share=20_000,
        words=_WORDS,
    ),
)
