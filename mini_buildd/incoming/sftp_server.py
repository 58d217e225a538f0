"""SFTP, version 3 (draft-ietf-secsh-filexfer-02), as far as a drop box needs it.

Twisted's own server logs and wraps each packet, which costs more than all the rest; this one reads
packets from one buffer and answers many at once.
"""

import stat
import struct
import time
from collections.abc import Callable

from twisted.python.failure import Failure

from mini_buildd.incoming.sftp_files import DropBox, Failed, IncomingFile, Refused, absolute

_INIT, _VERSION, _STATUS, _HANDLE, _NAME, _ATTRS = 1, 2, 101, 102, 104, 105
_EXTENDED, _EXTENDED_REPLY = 200, 201
_OK, _EOF, _NO_SUCH_FILE, _PERMISSION_DENIED, _FAILURE, _BAD_MESSAGE, _UNSUPPORTED = (
    *(0, 1, 2, 3, 4, 5),
    8,
)
_FLAG_WRITE = 2
_ATTR_SIZE, _ATTR_PERMISSIONS, _ATTR_TIMES = 1, 4, 8

# What OpenSSH itself allows (sftp-common.h); a client that asks for our limits writes so much.
_MAX_PACKET_BYTES = 256 * 1024
_MAX_WRITE_BYTES = _MAX_PACKET_BYTES - 1024
_MAX_HANDLES = 100
_LIMITS = b"limits@openssh.com"


class Malformed(Exception):
    """These bytes are not SFTP."""


class Reader:
    """The fields of one packet; reading past its end raises Malformed."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    def number(self, size_bytes: int = 4) -> int:
        """An unsigned number."""
        return int.from_bytes(self._take(size_bytes), "big")

    def data(self) -> memoryview:
        """A string with its length before it, where it lies: it is gone with the packet."""
        return self._take(self.number())

    def string(self) -> bytes:
        """The same, to be kept."""
        return bytes(self.data())

    def path(self) -> str:
        """A string that is a path."""
        return self.string().decode("utf-8", "replace")

    def _take(self, size_bytes: int) -> memoryview:
        end = self._at + size_bytes
        if end > len(self._data):
            raise Malformed("a packet ends too early")
        found = self._data[self._at : end]
        self._at = end
        return found


class SftpServer:
    """One session: bytes from the client go to receive(), ours to *send*.

    *complain* is given lines for the person, which clients show; *hang_up* ends it.
    """

    def __init__(
        self,
        box: DropBox,
        send: Callable[[bytes], None],
        complain: Callable[[str], None],
        hang_up: Callable[[], None],
    ) -> None:
        self._box = box
        self._send = send
        self._complain = complain
        self._hang_up = hang_up
        self._buffer = bytearray()
        self._answers: list[bytes] = []
        self._files: dict[bytes, IncomingFile] = {}
        self._folders: dict[bytes, bool] = {}  # by handle: whether all was told
        self._last_handle = 0
        self._is_over = False
        self._is_receiving = False
        self._did_complain = False
        self._commands: dict[int, Callable[[int, Reader], None]] = {
            3: self._open,
            4: self._close,
            5: self._read,
            6: self._write,
            7: self._stat,
            8: self._fstat,
            9: self._set_attributes,
            10: self._set_attributes,
            11: self._open_folder,
            12: self._read_folder,
            **dict.fromkeys((13, 14, 15, 18, 19, 20), self._never),
            16: self._real_path,
            17: self._stat,
            _EXTENDED: self._extended,
        }

    # --- packets --------------------------------------------------------------------

    def receive(self, *pieces: bytes | memoryview) -> None:
        """The next bytes of the client."""
        if self._is_over:
            return
        for piece in pieces:
            self._buffer += piece
        self._is_receiving = True
        try:
            self._obey_all()
        except Malformed:
            self.end()
            self._hang_up()
        finally:
            self._is_receiving = False
        self._flush()

    def end(self) -> None:
        """Nothing more comes."""
        self._is_over = True
        self._files.clear()
        self._box.end()

    def _obey_all(self) -> None:
        at, buffer = 0, self._buffer
        try:
            while len(buffer) - at >= 5:  # noqa: PLR2004  # length and kind
                length, kind = struct.unpack_from("!LB", buffer, at)
                if not 1 <= length <= _MAX_PACKET_BYTES:
                    raise Malformed("a packet of no possible length")
                if len(buffer) - at < 4 + length:
                    break
                with memoryview(buffer) as whole, whole[at + 5 : at + 4 + length] as view:
                    self._obey(kind, Reader(view))
                at += 4 + length
                if self._is_over:
                    return
        finally:
            del buffer[:at]

    def _obey(self, kind: int, packet: Reader) -> None:
        if kind == _INIT:
            limits = struct.pack("!L", len(_LIMITS)) + _LIMITS + struct.pack("!L", 1) + b"1"
            self._answer(_VERSION, struct.pack("!L", 3) + limits)
            return
        number = packet.number()
        try:
            self._commands.get(kind, self._unknown)(number, packet)
        except Refused as refused:
            self._status(number, _PERMISSION_DENIED, str(refused))
        except Failed as failed:
            self._status(number, _FAILURE, str(failed))

    def _answer(self, kind: int, body: bytes) -> None:
        self._answers.append(struct.pack("!LB", len(body) + 1, kind) + body)
        if not self._is_receiving:
            self._flush()

    def _flush(self) -> None:
        answers, self._answers = self._answers, []
        if answers and not self._is_over:
            self._send(b"".join(answers))

    def _status(self, number: int, code: int, text: str = "") -> None:
        said = text.encode()
        self._answer(
            _STATUS, struct.pack("!LLL", number, code, len(said)) + said + struct.pack("!L", 0)
        )
        # OpenSSH's client says "Failure" whatever the text is, but shows what comes beside it.
        if text and code in (_PERMISSION_DENIED, _FAILURE) and not self._did_complain:
            self._did_complain = True
            self._complain(f"mini-buildd: {text}")

    # --- files ------------------------------------------------------------------------

    def _open(self, number: int, packet: Reader) -> None:
        path, flags = packet.path(), packet.number()
        if not flags & _FLAG_WRITE:
            raise Refused("this is a drop box: nothing can be read from it")
        self._demand_handle()
        handle = self._new_handle()
        self._files[handle] = self._box.open(path)
        self._answer_handle(number, handle)

    def _demand_handle(self) -> None:
        if len(self._files) + len(self._folders) >= _MAX_HANDLES:
            raise Failed("too many files are open")

    def _new_handle(self) -> bytes:
        self._last_handle += 1
        return self._last_handle.to_bytes(4, "big")

    def _answer_handle(self, number: int, handle: bytes) -> None:
        self._answer(_HANDLE, struct.pack("!LL", number, len(handle)) + handle)

    def _file(self, packet: Reader) -> IncomingFile:
        try:
            return self._files[packet.string()]
        except KeyError:
            raise Failed("no such file is open") from None

    def _write(self, number: int, packet: Reader) -> None:
        file = self._file(packet)
        offset = packet.number(8)
        with packet.data() as data:
            file.write(offset, data)
        self._status(number, _OK)

    def _close(self, number: int, packet: Reader) -> None:
        handle = packet.string()
        if self._folders.pop(handle, None) is not None:
            self._status(number, _OK)
            return
        file = self._files.pop(handle, None)
        if file is None:
            raise Failed("no such file is open")
        self._box.close(file).addCallbacks(
            lambda _: self._status(number, _OK), lambda failure: self._closed_badly(number, failure)
        )

    def _closed_badly(self, number: int, failure: Failure) -> None:
        failure.trap(Failed)
        self._status(number, _FAILURE, str(failure.value))

    def _read(self, number: int, packet: Reader) -> None:
        del number, packet
        raise Refused("this is a drop box: nothing can be read from it")

    # --- what is there -----------------------------------------------------------------

    def _stat(self, number: int, packet: Reader) -> None:
        path = packet.path()
        size_bytes = self._box.size_of(path)
        if size_bytes is not None:
            self._answer(_ATTRS, struct.pack("!L", number) + _file_attributes(size_bytes))
        elif self._box.is_folder(path):
            self._answer(_ATTRS, struct.pack("!L", number) + _FOLDER_ATTRIBUTES)
        else:
            self._status(number, _NO_SUCH_FILE, "no such file")

    def _fstat(self, number: int, packet: Reader) -> None:
        file = self._file(packet)
        self._answer(_ATTRS, struct.pack("!L", number) + _file_attributes(file.size_bytes))

    def _set_attributes(self, number: int, packet: Reader) -> None:
        """Modes and times mean nothing here; clients that want to keep them need not fail."""
        del packet
        self._status(number, _OK)

    def _open_folder(self, number: int, packet: Reader) -> None:
        if not self._box.is_folder(packet.path()):
            self._status(number, _NO_SUCH_FILE, "no such folder")
            return
        self._demand_handle()
        handle = self._new_handle()
        self._folders[handle] = False
        self._answer_handle(number, handle)

    def _read_folder(self, number: int, packet: Reader) -> None:
        handle = packet.string()
        if handle not in self._folders:
            raise Failed("no such folder is open")
        files = dict(list(self._box.arrived.items())[-500:])
        if self._folders[handle] or not files:
            self._status(number, _EOF)
            return
        self._folders[handle] = True
        entries = [_entry(name, size_bytes) for name, size_bytes in sorted(files.items())]
        self._answer(_NAME, struct.pack("!LL", number, len(entries)) + b"".join(entries))

    def _real_path(self, number: int, packet: Reader) -> None:
        name = _string(absolute(packet.path()).encode())
        self._answer(_NAME, struct.pack("!LL", number, 1) + name + name + struct.pack("!L", 0))

    # --- the rest ----------------------------------------------------------------------

    def _never(self, number: int, packet: Reader) -> None:
        del number, packet
        raise Refused("this is a drop box: there are no folders to make, and nothing to change")

    def _extended(self, number: int, packet: Reader) -> None:
        if packet.string() != _LIMITS:
            self._unknown(number, packet)
            return
        limits = struct.pack("!QQQQ", _MAX_PACKET_BYTES, 0, _MAX_WRITE_BYTES, _MAX_HANDLES)
        self._answer(_EXTENDED_REPLY, struct.pack("!L", number) + limits)

    def _unknown(self, number: int, packet: Reader) -> None:
        del packet
        self._status(number, _UNSUPPORTED, "not supported here")


_FOLDER_ATTRIBUTES = struct.pack("!LL", _ATTR_PERMISSIONS, stat.S_IFDIR | 0o733)


def _file_attributes(size_bytes: int) -> bytes:
    return struct.pack("!LQL", _ATTR_SIZE | _ATTR_PERMISSIONS, size_bytes, stat.S_IFREG | 0o200)


def _string(text: bytes) -> bytes:
    return struct.pack("!L", len(text)) + text


def _entry(name: str, size_bytes: int) -> bytes:
    day = time.strftime("%b %d %H:%M", time.gmtime())
    line = f"--w-------    1 you      you      {size_bytes:>12} {day} {name}"
    return _string(name.encode()) + _string(line.encode()) + _file_attributes(size_bytes)
