"""Files of the tree as they are on the disk, each read once however many names it has."""

import gzip
import hashlib
import lzma
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar, cast

import zstandard

from mini_buildd.archive.plan import ReleaseLine
from mini_buildd.kit.hashing import sha256_of

_BLOCK_BYTES = 1 << 20

# What the modules raise for compressed bytes that are damaged or end too soon.
UNPACK_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)

# What a file is as long as nobody has written to it.
Identity = tuple[int, int, int, int]
Value = TypeVar("Value")


class Unreadable(Exception):
    """A file is not there, no plain file, or not what its ending says; the text says which."""


class Seen:
    """Remembers what was read of which file."""

    def __init__(self) -> None:
        self._digests: dict[Identity, str] = {}
        self._plain: dict[Identity, ReleaseLine] = {}

    def file(self, path: Path) -> ReleaseLine:
        """Size and digest of *path*; raises Unreadable."""
        identity = _identity(path)
        digest = self._remember(self._digests, identity, lambda: sha256_of(path))
        return ReleaseLine(path.name, identity[2], digest)

    def plain(self, path: Path) -> ReleaseLine:
        """Size and digest of what is compressed in *path*; raises Unreadable."""
        return self._remember(self._plain, _identity(path), lambda: _read_plain(path))

    @staticmethod
    def _remember(
        known: dict[Identity, Value], identity: Identity, read: Callable[[], Value]
    ) -> Value:
        if identity not in known:
            try:
                known[identity] = read()
            except OSError as error:
                raise Unreadable(error.strerror or str(error)) from None
        return known[identity]


def _identity(path: Path) -> Identity:
    try:
        status = path.lstat()
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from None
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("something that is no plain file")
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@contextmanager
def open_plain(path: Path) -> Iterator[IO[bytes]]:
    """The text that is compressed in *path*, by its ending; raises Unreadable, also while read."""
    try:
        match path.suffix:
            case ".gz":
                with gzip.open(path) as stream:
                    yield cast("IO[bytes]", stream)  # which it is, whatever its stubs say
            case ".xz":
                with lzma.open(path) as stream:
                    yield stream
            case _:
                unpacker = zstandard.ZstdDecompressor()
                with (
                    path.open("rb") as packed,
                    unpacker.stream_reader(packed, read_across_frames=True) as stream,
                ):
                    yield stream
    except UNPACK_ERRORS as error:
        raise Unreadable(f"what cannot be unpacked: {error}") from None


def _read_plain(path: Path) -> ReleaseLine:
    digest, size = hashlib.sha256(), 0
    with open_plain(path) as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
    return ReleaseLine(path.stem, size, digest.hexdigest())
