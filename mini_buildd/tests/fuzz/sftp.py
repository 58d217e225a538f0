"""SFTP: packets behind the protection of SSH, and SSH itself up to where nobody has signed in.

For SFTP, ``@@`` parts packets, whose lengths are put before them (but where one begins with an
exclamation mark), and ``%H%`` stands for the handle that was given last.
"""

import struct
from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address

from mini_buildd.incoming.host_keys import host_keys
from mini_buildd.incoming.sessions import Sessions
from mini_buildd.incoming.sftp import SftpFactory
from mini_buildd.incoming.sftp_files import DropBox
from mini_buildd.incoming.sftp_server import SftpServer
from mini_buildd.keys.ssh_key import SshKeyUnfit, read_ssh_key
from mini_buildd.tests.fuzz.control import PrepareNothing
from mini_buildd.tests.fuzz.target import Take, Target, Wrong, refusals
from mini_buildd.tests.fuzz.wires import PEER, AtOnce, TriedSpool, Wire, dock_of, nothing_logged

_HANDLE = 102
_MOST_ANSWER_BYTES = 1 << 20


def _text(text: bytes) -> bytes:
    return struct.pack("!L", len(text)) + text


def _packet(kind: int, number: int, *parts: bytes) -> bytes:
    return struct.pack("!BL", kind, number) + b"".join(parts)


_OPEN_FLAGS = struct.pack("!LL", 0x1A, 0)
_CLIENT = b"@@".join(
    (
        struct.pack("!BL", 1, 3),
        _packet(16, 1, _text(b".")),
        _packet(3, 2, _text(b"/hello_1.0-1.dsc"), _OPEN_FLAGS),
        _packet(6, 3, b"%H%", struct.pack("!Q", 0), _text(b"Format: ")),
        _packet(6, 4, b"%H%", struct.pack("!Q", 12), _text(b"(quilt)")),
        _packet(6, 5, b"%H%", struct.pack("!Q", 8), _text(b"3.0 ")),
        _packet(8, 6, b"%H%"),
        _packet(10, 7, b"%H%", struct.pack("!LL", 4, 0o644)),
        _packet(4, 8, b"%H%"),
        _packet(17, 9, _text(b"hello_1.0-1.dsc")),
        _packet(11, 10, _text(b"/")),
        _packet(12, 11, b"%H%"),
        _packet(12, 12, b"%H%"),
        _packet(4, 13, b"%H%"),
    )
)
_OTHERS = b"@@".join(
    (
        struct.pack("!BL", 1, 3),
        _packet(200, 1, _text(b"limits@openssh.com")),
        _packet(3, 2, _text(b"../../etc/passwd"), _OPEN_FLAGS),
        _packet(3, 3, _text(b"incoming/a.changes"), _OPEN_FLAGS),
        _packet(4, 4, b"%H%"),
        _packet(18, 5, _text(b"a"), _text(b"b")),
        _packet(13, 6, _text(b"a.changes")),
        _packet(20, 7, _text(b"/etc"), _text(b"x")),
        _packet(5, 8, b"%H%", struct.pack("!QL", 0, 10)),
    )
)


def _prepare(folder: Path) -> Take:
    at_once: Any = AtOnce()
    spool = TriedSpool(folder / "spool")
    dock = dock_of(at_once, spool, Sessions())

    def take(data: bytes) -> str:
        said: list[bytes] = []
        with nothing_logged():
            server = SftpServer(DropBox(dock, PEER), said.append, lambda _: None, lambda: None)
            for piece in data.split(b"@@"):
                server.receive(_framed(piece.replace(b"%H%", _text(_given_last(said)))))
            server.end()
        _demand_framed(b"".join(said))
        arrived = spool.demand_sound()
        return f"{arrived} arrived" if arrived else "Nothing arrived"

    return take


def _framed(packet: bytes) -> bytes:
    return packet[1:] if packet.startswith(b"!") else _text(packet)


def _packets(data: bytes) -> list[bytes]:
    found = []
    while data:
        (length,) = struct.unpack_from("!L", data)
        found.append(data[4 : 4 + length])
        data = data[4 + length :]
    return found


def _given_last(said: list[bytes]) -> bytes:
    given = [each[9:] for each in _packets(b"".join(said)) if each[0] == _HANDLE]
    return given[-1] if given else b"none"


def _demand_framed(said: bytes) -> None:
    """Answers are whole packets, each shorter than clients take."""
    if b"".join(map(_text, _packets(said))) != said or len(said) > _MOST_ANSWER_BYTES:
        raise Wrong("answers that are no packets")


# --- SSH itself -----------------------------------------------------------------------------

_NAMES = (
    b"curve25519-sha256,ecdh-sha2-nistp256",
    b"ssh-ed25519,rsa-sha2-512",
    b"aes128-ctr",
    b"aes128-ctr",
    b"hmac-sha2-256",
    b"hmac-sha2-256",
    b"none",
    b"none",
    b"",
    b"",
)


def _ssh(payload: bytes) -> bytes:
    """A packet as it goes before there are keys (RFC 4253 §6)."""
    padding = 8 - (5 + len(payload)) % 8 + 4
    padding += -(5 + len(payload) + padding) % 8
    return struct.pack("!LB", 1 + len(payload) + padding, padding) + payload + bytes(padding)


_KEXINIT = _ssh(b"\x14" + bytes(16) + b"".join(map(_text, _NAMES)) + bytes(5))
_HELLO = b"SSH-2.0-OpenSSH_9.2\r\n@@" + _KEXINIT
_EXCHANGE = _HELLO + b"@@" + _ssh(b"\x1e" + _text(bytes(range(1, 33))))


def _prepare_ssh(folder: Path) -> Take:
    at_once: Any = AtOnce()
    spool, sessions = TriedSpool(folder / "spool"), Sessions()
    keys = [key for key in host_keys(folder / "keys") if key.type() != "RSA"]
    dock = dock_of(at_once, spool, sessions)
    factory = SftpFactory(dock, keys, lambda *_, **__: False)
    factory.startFactory()
    address: Any = IPv4Address("TCP", PEER, 40_000)

    def take(data: bytes) -> str:
        with nothing_logged():
            wire = Wire(factory.buildProtocol(address))
            for packet in data.split(b"@@"):
                wire.send(packet)
            said: bytes = wire.value()
            wire.end()
        if sessions._open:
            raise Wrong("somebody counts as connected who is not")
        if spool.demand_sound():
            raise Wrong("a file of somebody who has not signed in")
        return "keys were exchanged" if b"\x1f" + _text(b"")[:2] in said else "Nothing came of it"

    return take


def _ssh_key(data: bytes) -> None:
    key = read_ssh_key(data.decode("utf-8", "replace"))
    if not key.fingerprint.startswith("SHA256:") or key.line.split() != [key.kind, key.blob]:
        raise Wrong(f"no key: {key}")
    if any(not mark.isprintable() for mark in key.line):
        raise Wrong(f"more than a line: {key}")


_ED25519 = b"AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

SFTP = (
    Target(
        name="sftp",
        prepare=_prepare,
        seeds=(_CLIENT, _OTHERS),
        share=80_000,
        words=(b"@@", b"%H%", b"@@!", b"../", b"\0\0\0\x01", b"\xff\xff\xff\xff", b"\0" * 8),
    ),
    Target(
        name="ssh",
        prepare=_prepare_ssh,
        seeds=(_HELLO, _EXCHANGE, _EXCHANGE + b"@@" + _ssh(b"\x15") + b"@@" + _ssh(b"\x05x")),
        share=30_000,
        words=(
            b"@@",
            b"SSH-2.0-",
            b"\r\n",
            *filter(None, _NAMES),
            *(_ssh(bytes([n])) for n in range(1, 35)),
        ),
    ),
    Target(
        name="ssh-keys",
        prepare=PrepareNothing(refusals(_ssh_key, SshKeyUnfit)),
        seeds=(b"ssh-ed25519 " + _ED25519 + b" pat@example",),
        share=50_000,
        words=(b"ssh-rsa ", b"ecdsa-sha2-nistp256 ", b"AAAA", b"=", b"\n", b'command="x" '),
        most_bytes=1000,
    ),
)
