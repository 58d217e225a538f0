"""SSH's packets (RFC 4253 §6), read with few copies: what Twisted does with each costs too much.

Only the receiving side, and only its form: what packets mean stays Twisted's part, but for the data
of channels, which go to *take_data* in the pieces they came in.
"""

import hmac
import struct
from typing import Any

from twisted.conch.ssh import transport
from twisted.conch.ssh.connection import MSG_CHANNEL_DATA

_MAX_PACKET_BYTES = 1 << 20
_LEAST_PACKET_BYTES = 12
# Length, padding length, kind, channel, and the length of the data: all but two bytes of a block.
_DATA_AT = 14
_BLOCK_BYTES = 16


class PacketReader(transport.SSHServerTransport):
    """Reads packets from one buffer; wrong ones raise, and whoever feeds it hangs up."""

    service: Any
    currentEncryptions: Any

    def __init__(self) -> None:
        self._raw = bytearray()
        self._at = 0
        self._head = b""  # the first block of the next packet, in the clear
        self._keys: Any = None
        self._mac: Any = None

    def dataReceived(self, data: bytes) -> None:
        """The next bytes."""
        if not self.gotVersion:
            super().dataReceived(data)
        else:
            self._raw += data
            while (packet := self.getPacket()) is not None:
                self.dispatchMessage(packet[0], packet[1:])
        del self._raw[: self._at]
        self._at = 0

    def getPacket(self) -> bytes | None:
        """The next packet that is not data of a channel; None when none is there whole."""
        if self.buf:  # what came behind the line with the version
            self._raw += self.buf
            self.buf = b""
        while (pieces := self._next()) is not None:
            head, body, end = pieces
            is_data = head[5] == MSG_CHANNEL_DATA and len(head) == _BLOCK_BYTES
            if not is_data or end < 0 or self.service is None:
                return (head + body)[5 : len(head) + end]
            channel, length = struct.unpack_from("!LL", head, 6)
            if _DATA_AT + length != len(head) + end:
                raise ValueError("data of another length than their packet")
            self.service.take_data(channel, length, head[_DATA_AT:], memoryview(body)[:end])
        return None

    def _next(self) -> tuple[bytes, bytes, int] | None:
        """First block, what follows it, and how much of that (it may be less than none) counts."""
        keys, raw, at = self.currentEncryptions, self._raw, self._at
        block_bytes, mac_bytes = keys.decBlockSize, keys.verifyDigestSize
        if not self._head:
            if len(raw) - at < block_bytes:
                return None
            self._head = keys.decrypt(bytes(raw[at : at + block_bytes]))
        head = self._head
        length, padding = struct.unpack_from("!LB", head)
        whole = length + 4
        if (
            not _LEAST_PACKET_BYTES <= length <= _MAX_PACKET_BYTES
            or whole % block_bytes
            or not 4 <= padding < length - 1  # noqa: PLR2004  # RFC 4253 §6
        ):
            raise ValueError("a packet of no possible length")
        if len(raw) - at < whole + mac_bytes:
            return None
        with memoryview(raw) as view, view[at + block_bytes : at + whole] as rest:
            body = bytes(keys.decrypt(rest))  # before the keys are set, it is what it was given
        self._check(head, body, bytes(raw[at + whole : at + whole + mac_bytes]))
        self._at += whole + mac_bytes
        self._head = b""
        self.incomingPacketSequence = (self.incomingPacketSequence + 1) & 0xFFFFFFFF
        return head, body, len(body) - padding

    def _check(self, head: bytes, body: bytes, mac: bytes) -> None:
        """Raise ValueError unless *mac* fits."""
        keys = self.currentEncryptions
        if self._keys is not keys:
            self._keys = keys
            algorithm = keys.inMAC[0]
            self._mac = algorithm and hmac.new(keys.inMAC.key, digestmod=algorithm)
        if self._mac is None:
            return
        found = self._mac.copy()
        found.update(struct.pack("!L", self.incomingPacketSequence))
        found.update(head)
        found.update(body)
        if not hmac.compare_digest(found.digest(), mac):
            raise ValueError("a packet that somebody has changed")
