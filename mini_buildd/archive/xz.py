"""One .xz stream out of blocks that were compressed before.

apt refuses a file of several xz streams but takes one stream of many blocks, so the blocks are
kept and only the index and the footer are made anew. Format: The .xz File Format 1.1.0,
https://tukaani.org/xz/xz-file-format.txt.
"""

import lzma
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

_HEADER_BYTES = _FOOTER_BYTES = 12
_CHECK = lzma.CHECK_CRC64
_MIN_DICTIONARY_BYTES = 4096  # 5.3.1


@dataclass(frozen=True, slots=True)
class Record:
    """What a stream's index says of a block: its size without padding, and of what is in it."""

    unpadded_bytes: int
    uncompressed_bytes: int


def compress_block(data: bytes, preset: int) -> tuple[bytes, Record]:
    """*data*, which is not empty, as one block with its padding, and its record."""
    # A dictionary larger than the block is of no use, and takes most of the memory and some time.
    size = max(len(data), _MIN_DICTIONARY_BYTES)
    chain = [{"id": lzma.FILTER_LZMA2, "preset": preset, "dict_size": size}]
    stream = lzma.compress(data, format=lzma.FORMAT_XZ, check=_CHECK, filters=chain)
    backward = int.from_bytes(
        stream[-8:-4], "little"
    )  # 2.1.2.2: size of the index in words, less 1
    index_at = len(stream) - _FOOTER_BYTES - (backward + 1) * 4
    # 4.: an indicator byte, the number of records, and the records, all but the first variable.
    unpadded, _ = _read_number(stream, index_at + 2)
    return stream[_HEADER_BYTES:index_at], Record(unpadded, len(data))


def header() -> bytes:
    """The header of every stream of ours."""
    return lzma.compress(b"", format=lzma.FORMAT_XZ, check=_CHECK)[:_HEADER_BYTES]


def tail(records: Iterable[Record]) -> bytes:
    """Index and footer of a stream whose blocks have these *records*, in their order."""
    listed = list(records)
    index = b"\0" + _number(len(listed))
    index += b"".join(
        _number(each.unpadded_bytes) + _number(each.uncompressed_bytes) for each in listed
    )
    index += bytes(-len(index) % 4)
    index += zlib.crc32(index).to_bytes(4, "little")
    flags = header()[6:8]
    footer = (len(index) // 4 - 1).to_bytes(4, "little") + flags
    return index + zlib.crc32(footer).to_bytes(4, "little") + footer + b"YZ"


def _number(value: int) -> bytes:
    """1.2: seven bits a byte, the lowest first; the highest bit says that more follow."""
    made = bytearray()
    while value >= 0x80:  # noqa: PLR2004  # the bit that says so
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _read_number(data: bytes, at: int) -> tuple[int, int]:
    """The number at *at*, and where the next thing begins."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:  # noqa: PLR2004  # the bit that says that more follow
            return value, at
        shift += 7
