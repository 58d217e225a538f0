"""The outer form of a .deb: an ar file with two compressed tar files (deb(5)).

Whoever made the package decides what it unpacks to, so what is read of it has bounds.
"""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Protocol

import zstandard

from mini_buildd.deb.deb822 import MalformedControl

_MAGIC = b"!<arch>\n"
_HEAD_BYTES = 60
_HEAD_END = b"`\n"
# debian-binary, control.tar and data.tar; and some whose names begin with "_", for whatever comes.
_MAX_MEMBERS = 16
# Far more than compilers want with "xz -9" or "zstd --ultra" (64 and 128 MiB).
_MAX_WINDOW_BYTES = 1 << 28

# What the decompressors raise when the bytes are not theirs, or ask for absurd amounts of memory.
DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    MemoryError,
    zlib.error,
    lzma.LZMAError,
    zstandard.ZstdError,
)


class Reader(Protocol):
    """Bytes from front to back; fewer than asked for only at their end."""

    def read(self, size: int, /) -> bytes:
        """At most *size* bytes."""
        ...


@dataclass(frozen=True, slots=True)
class _Member:
    """Where a member of the ar file lies."""

    name: str
    offset: int
    size_bytes: int


@contextmanager
def open_tar(deb: IO[bytes], part: str) -> Iterator[tuple[Reader, int]]:
    """Unpack the tar file *part* ("control" or "data") of *deb*; gives it and its packed size.

    Raises MalformedControl, also when reading finds that it is damaged.
    """
    try:
        member = _find(deb, part)
        deb.seek(member.offset)
        packed = _Slice(deb, member.size_bytes)
        yield _unpacked(packed, member.name.removeprefix(f"{part}.tar")), member.size_bytes
    except MalformedControl:
        raise
    except DAMAGE as error:
        raise MalformedControl(f"its {part}.tar cannot be unpacked: {error}") from None


def _find(deb: IO[bytes], part: str) -> _Member:
    for number, member in enumerate(_members(deb)):
        if number == 0 and member.name != "debian-binary":
            raise MalformedControl(f"its first part is {member.name!r}, not debian-binary")
        if member.name.startswith(f"{part}.tar"):
            return member
        if number == _MAX_MEMBERS:
            break
    raise MalformedControl(f"it has no {part}.tar")


def _members(deb: IO[bytes]) -> Iterator[_Member]:
    deb.seek(0)
    if deb.read(len(_MAGIC)) != _MAGIC:
        raise MalformedControl("it is no ar file")
    offset = len(_MAGIC)
    while head := deb.read(_HEAD_BYTES):
        size = head[48:58].strip()
        if not head.endswith(_HEAD_END) or len(head) != _HEAD_BYTES or not size.isdigit():
            raise MalformedControl("it is a damaged ar file")
        offset += _HEAD_BYTES
        name = head[:16].rstrip(b" ").removesuffix(b"/").decode("ascii", "replace")
        yield _Member(name, offset, int(size))
        offset += int(size) + int(size) % 2
        deb.seek(offset)


class _Slice:
    """So many bytes of a file from where it is, as the decompressors want one."""

    def __init__(self, whole: IO[bytes], size_bytes: int) -> None:
        self._whole, self._left = whole, size_bytes

    def read(self, size: int = -1) -> bytes:
        """At most *size* bytes, all that are left when it is negative."""
        data = self._whole.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data

    def readinto(self, buffer: memoryview) -> int:
        """The same, as lzma and bz2 ask for it."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readable(self) -> bool:
        """As the decompressors ask."""
        return True

    def seekable(self) -> bool:
        """The same: front to back only."""
        return False


def _unpacked(packed: _Slice, ending: str) -> Reader:
    raw: IO[bytes] = packed  # type: ignore[assignment]  # all of it that is called
    match ending:
        case "":
            return packed
        case ".gz":
            return gzip.GzipFile(fileobj=raw)
        case ".xz":
            return lzma.LZMAFile(raw, format=lzma.FORMAT_XZ)
        case ".lzma":
            return lzma.LZMAFile(raw, format=lzma.FORMAT_ALONE)
        case ".bz2":
            return bz2.BZ2File(raw)
        case ".zst":
            zstd = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES)
            return zstd.stream_reader(raw, read_across_frames=True)
    raise MalformedControl(f"it is packed in an unknown way: {ending[:20]!r}")
