"""SSH's packets: whole, in pieces, and changed on their way."""

import struct
from typing import Any

import pytest
from twisted.conch.ssh.transport import SSHCiphers

from mini_buildd.incoming.ssh_packets import PacketReader

_KEY, _IV = bytes(range(64)), bytes(16)
_DATA, _IGNORE = 94, 2


class _Service:
    """Collects the data of channels."""

    def __init__(self) -> None:
        self.got: list[tuple[int, bytes]] = []

    def take_data(self, channel: int, length: int, *pieces: Any) -> None:
        data = b"".join(map(bytes, pieces))
        assert len(data) == length
        self.got.append((channel, data))

    def packetReceived(self, number: int, payload: bytes) -> None:  # noqa: N802  # Twisted's name
        """What is too short for the quick way."""
        assert number == _DATA
        channel, length = struct.unpack_from("!LL", payload)
        self.take_data(channel, length, payload[8:])


class Line:
    """The sender's side of a connection, and the reader at its other end."""

    def __init__(self) -> None:
        self.reader = PacketReader()
        self.reader.gotVersion = True
        self.reader.currentEncryptions = self._keys()
        self.service = self.reader.service = _Service()
        self._sender = self._keys()
        self._number = 0

    @staticmethod
    def _keys() -> Any:
        untyped: Any = SSHCiphers
        keys = untyped(b"aes128-ctr", b"aes128-ctr", b"hmac-sha2-256", b"hmac-sha2-256")
        keys.setKeys(_IV, _KEY, _IV, _KEY, _KEY, _KEY)
        return keys

    def packet(self, payload: bytes, padding: int = 0) -> bytes:
        """*payload* as it goes over the wire."""
        least = -(5 + len(payload)) % 16
        size = padding or (least if least >= 4 else least + 16)
        plain = struct.pack("!LB", len(payload) + 1 + size, size) + payload + b"p" * size
        mac = self._sender.makeMAC(self._number, plain)
        self._number += 1
        return bytes(self._sender.encrypt(plain)) + bytes(mac)

    def data(self, channel: int, data: bytes) -> bytes:
        """Data of a channel."""
        return self.packet(struct.pack("!BLL", _DATA, channel, len(data)) + data)


@pytest.mark.parametrize("step", [1, 7, 16, 61, 1000, 1 << 20])
def test_packets_come_whole_in_pieces_of_any_size(step: int) -> None:
    line = Line()
    sent = [(number % 3, bytes([number]) * number * 7) for number in range(1, 60)]
    stream = b"".join(line.data(channel, data) for channel, data in sent)
    for at in range(0, len(stream), step):
        line.reader.dataReceived(stream[at : at + step])
    assert line.service.got == sent
    assert not line.reader._raw


def test_the_shortest_data_and_other_packets_between_them_do_not_disturb(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = Line()
    others: list[bytes] = []
    monkeypatch.setattr(PacketReader, "ssh_IGNORE", lambda _, payload: others.append(payload))
    stream = line.data(0, b"") + line.packet(bytes([_IGNORE]) + b"x") + line.data(1, b"ab")
    line.reader.dataReceived(stream + line.data(2, b"c" * 100))
    assert line.service.got == [(0, b""), (1, b"ab"), (2, b"c" * 100)]
    assert others == [b"x"]


@pytest.mark.parametrize("where", [4, 20, 60, -1])
def test_a_packet_that_was_changed_on_its_way_is_not_believed(where: int) -> None:
    line = Line()
    changed = bytearray(line.data(0, b"x" * 100))
    changed[where] ^= 1
    with pytest.raises(ValueError, match="packet"):
        line.reader.dataReceived(bytes(changed))
    assert line.service.got == []


def test_a_packet_that_is_repeated_is_not_believed() -> None:
    line = Line()
    packet = line.data(0, b"x" * 100)
    line.reader.dataReceived(packet)
    with pytest.raises(ValueError, match="packet"):
        line.reader.dataReceived(packet)
    assert len(line.service.got) == 1


@pytest.mark.parametrize("length", [0, 5, 27, (1 << 20) + 12, 1 << 31])
def test_a_packet_of_no_possible_length_is_refused_at_once(length: int) -> None:
    line = Line()
    plain = struct.pack("!LB", length, 4) + b"x" * 11
    with pytest.raises(ValueError, match="no possible length"):
        line.reader.dataReceived(bytes(line._sender.encrypt(plain)))


@pytest.mark.parametrize("padding", [0, 3, 43])
def test_padding_that_cannot_be_is_refused(padding: int) -> None:
    line = Line()
    plain = struct.pack("!LB", 44, padding) + b"x" * 43
    mac = line._sender.makeMAC(0, plain)
    with pytest.raises(ValueError, match="no possible length"):
        line.reader.dataReceived(bytes(line._sender.encrypt(plain)) + bytes(mac))


def test_data_must_be_as_long_as_they_say() -> None:
    line = Line()
    packet = line.packet(struct.pack("!BLL", _DATA, 0, 1000) + b"x" * 50)
    with pytest.raises(ValueError, match="another length"):
        line.reader.dataReceived(packet)
