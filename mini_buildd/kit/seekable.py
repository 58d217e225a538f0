"""Large files kept small that can still be read from any place: zstd in frames, with a table.

The form is the seekable format of zstd (its contrib/seekable_format): independent frames, then a
frame that every other reader skips, with the sizes of all frames. ``zstd -dc`` reads such a file
like any other.
"""

import io
import os
import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from mini_buildd.kit.atomic import beside, sync_folder

FRAME_BYTES = 1 << 20
_LEVEL = 9
_BUFFER_BYTES = 64 << 10

_SKIPPABLE = struct.Struct("<II")  # magic number, size of what follows
_ENTRY = struct.Struct("<II")  # compressed and plain size of a frame
_FOOTER = struct.Struct("<IBI")  # number of frames, descriptor, magic number
_SKIPPABLE_MAGIC, _FOOTER_MAGIC = 0x184D2A5E, 0x8F92EAB1


class DamagedFile(OSError):
    """The file is not what was written."""


def compress(source: Path, target: Path) -> int:
    """Write what *source* has now as *target*, durably and at once; gives its plain size.

    What was written is read back and compared before it gets its name. Raises DamagedFile, OSError.
    """
    temporary = beside(target)
    try:
        with source.open("rb") as reader, temporary.open("xb") as writer:
            plain_bytes = _write(reader, writer)
            os.fsync(writer.fileno())
        if not _is_same(source, temporary, plain_bytes):
            raise DamagedFile(f"{temporary} does not read as {source}")
        temporary.rename(target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)
    return plain_bytes


def open_seekable(path: Path) -> BinaryIO:
    """The plain bytes of *path*, from any place. Raises FileNotFoundError, DamagedFile.

    Reading raises DamagedFile where a frame is not what was written.
    """
    return cast("BinaryIO", io.BufferedReader(_Frames(path), _BUFFER_BYTES))


def _write(reader: BinaryIO, writer: BinaryIO) -> int:
    """The frames and their table; gives the number of plain bytes."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    sizes = []
    while block := reader.read(FRAME_BYTES):
        sizes.append((writer.write(compressor.compress(block)), len(block)))
    table = b"".join(_ENTRY.pack(*entry) for entry in sizes)
    footer = _FOOTER.pack(len(sizes), 0, _FOOTER_MAGIC)
    writer.write(_SKIPPABLE.pack(_SKIPPABLE_MAGIC, len(table) + len(footer)) + table + footer)
    writer.flush()
    return sum(plain for _, plain in sizes)


def _is_same(source: Path, target: Path, size: int) -> bool:
    with source.open("rb") as one, open_seekable(target) as other:
        if other.seek(0, io.SEEK_END) != size:
            return False
        other.seek(0)
        return all(one.read(len(block)) == block for block in _blocks(other))


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(FRAME_BYTES):
        yield block


class _Frames(io.RawIOBase):
    """The plain bytes, frame by frame; the last frame read is kept."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("rb")
        try:
            entries = list(_table(self._file))
        except (struct.error, OSError, ValueError) as error:
            self._file.close()
            raise DamagedFile(f"{path}: no table of frames: {error}") from None
        self._places = _sums(packed for packed, _ in entries)
        self._starts = _sums(plain for _, plain in entries)
        self._position = 0
        self._frame: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """Close the file below, too."""
        self._file.close()
        super().close()

    def tell(self) -> int:
        """How many plain bytes stand before this place."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a plain byte."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._starts[-1]}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]  # any buffer
        """Some of the next plain bytes; none at the end."""
        if self._position >= self._starts[-1]:
            return 0
        number = bisect_right(self._starts, self._position) - 1
        plain = self._plain(number)
        begin = self._position - self._starts[number]
        part = plain[begin : begin + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

    def _plain(self, number: int) -> bytes:
        if self._frame[0] != number:
            begin, end = self._places[number : number + 2]
            size = self._starts[number + 1] - self._starts[number]
            self._file.seek(begin)
            packed = self._file.read(end - begin)
            try:
                # Asked before: a wrong head might claim any size.
                if zstandard.frame_content_size(packed) != size:
                    raise DamagedFile(f"{self._file.name}: frame {number} is of another size")
                plain = zstandard.ZstdDecompressor().decompress(packed)
            except zstandard.ZstdError as error:
                raise DamagedFile(f"{self._file.name}: frame {number}: {error}") from None
            self._frame = (number, plain)
        return self._frame[1]


def _table(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """The compressed and the plain size of every frame."""
    end = file.seek(-_FOOTER.size, io.SEEK_END)
    count, descriptor, magic = _FOOTER.unpack(file.read())
    if (descriptor, magic) != (0, _FOOTER_MAGIC):
        raise ValueError("another end")
    begin = end - count * _ENTRY.size - _SKIPPABLE.size
    if begin < 0:
        raise ValueError("cut short")
    file.seek(begin)
    head = _SKIPPABLE.unpack(file.read(_SKIPPABLE.size))
    if head != (_SKIPPABLE_MAGIC, count * _ENTRY.size + _FOOTER.size):
        raise ValueError("another table")
    entries = [_ENTRY.unpack(file.read(_ENTRY.size)) for _ in range(count)]
    if sum(packed for packed, _ in entries) != begin:
        raise ValueError("frames and table differ")
    if any(plain > FRAME_BYTES for _, plain in entries):
        raise ValueError("frames larger than any of ours")
    yield from entries


def _sums(sizes: Iterable[int]) -> list[int]:
    """Where each begins, and the end."""
    sums = [0]
    for size in sizes:
        sums.append(sums[-1] + size)
    return sums
