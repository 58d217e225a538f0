"""Pieces of indexes that are compressed once and kept: what makes publishing cheap.

A chunk is a run of an index's items, a quarter of a mebibyte of text, in one file with its
compressed forms. An index is then its chunks one after the other: gzip and zstd files may have many
members and frames, and xz blocks are joined into one stream (archive.xz). The files are a cache,
named by what is in them; whatever is lost is made again from the rows.
"""

import hashlib
import os
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec
import zstandard

from mini_buildd.archive.xz import Record, compress_block
from mini_buildd.kit.atomic import beside

TARGET_BYTES = 256 << 10
_WORKERS = 2
MAX_WAITING = 2 * _WORKERS  # so many chunks are held in memory
_XZ_PRESET = 6
_GZIP_LEVEL = 6
_ZSTD_LEVEL = 12
_GZIP_WINDOW = 16 + zlib.MAX_WBITS  # zlib's way to say "with gzip's header"

FORMATS = ("gz", "xz", "zst")


class ChunkLost(Exception):
    """The cache has not got a chunk, or not whole; the index must be made anew."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of an index: its *text*, and its *key*, by whose bytes the items are in order.

    A key is a group (the name of a package, a path), or a group, NUL and what tells items apart.
    """

    key: bytes
    text: bytes

    @property
    def group(self) -> bytes:
        """What the key begins with."""
        return self.key.partition(b"\0")[0]


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """Where to find a chunk, and the sizes in bytes of its parts, which stand in this order.

    *gz* and *zst* are 0 where the index has no such form; *xz_unpadded* is the block without its
    padding.
    """

    name: str
    first: bytes
    raw: int
    gz: int
    xz: int
    xz_unpadded: int
    zst: int
    keys: int

    def place(self, form: str) -> tuple[int, int]:
        """Where the chunk's text (*form* "") or its compressed form stands: offset and size."""
        sizes = (("", self.raw), ("gz", self.gz), ("xz", self.xz), ("zst", self.zst))
        offset = 0
        for each, size in sizes:
            if each == form:
                return offset, size
            offset += size
        return offset, self.keys

    @property
    def record(self) -> Record:
        """What the index of an xz stream says of it."""
        return Record(self.xz_unpadded, self.raw)


class _Keys(msgspec.Struct, array_like=True):
    """The keys of a chunk's items and the sizes of their texts."""

    keys: list[bytes]
    sizes: list[int]


@dataclass(frozen=True, slots=True)
class ChunkStore:
    """The chunks below *folder*, with the compressed *forms* that its indexes have."""

    folder: Path
    forms: tuple[str, ...]

    def write(self, runs: Iterable[Sequence[Item]]) -> Iterator[Chunk]:
        """A chunk for each of *runs*, which are not empty; durable."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(_WORKERS) as pool:
            waiting: deque[Future[Chunk]] = deque()
            for run in runs:
                waiting.append(pool.submit(self.write_one, run))
                if len(waiting) > MAX_WAITING:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def write_one(self, items: Sequence[Item]) -> Chunk:
        """A chunk of *items*; for use in several threads at once, in an existing folder."""
        raw = b"".join(item.text for item in items)
        keys = msgspec.msgpack.encode(
            _Keys([item.key for item in items], [len(item.text) for item in items])
        )
        # The same text may stand under other keys: lines of Contents say nothing of theirs.
        digest = hashlib.sha256(keys + raw).hexdigest()
        gz = _gzip(raw) if "gz" in self.forms else b""
        block, record = (
            compress_block(raw, _XZ_PRESET) if "xz" in self.forms else (b"", Record(0, 0))
        )
        zst = zstandard.compress(raw, _ZSTD_LEVEL) if "zst" in self.forms else b""
        chunk = Chunk(
            name=f"{digest}.{'-'.join(self.forms)}",
            first=items[0].key,
            raw=len(raw),
            gz=len(gz),
            xz=len(block),
            xz_unpadded=record.unpadded_bytes,
            zst=len(zst),
            keys=len(keys),
        )
        self._save(chunk.name, (raw, gz, block, zst, keys))
        return chunk

    def _save(self, name: str, parts: Iterable[bytes]) -> None:
        """Written anew even if it is there: then it is whole, whatever happened to that one."""
        path = self.folder / name
        passing = beside(path)
        try:
            with passing.open("xb") as stream:
                stream.writelines(parts)
                stream.flush()
                os.fsync(stream.fileno())
            passing.rename(path)
        except BaseException:
            passing.unlink(missing_ok=True)
            raise

    def read(self, chunk: Chunk, form: str) -> bytes:
        """The bytes of *chunk* in that *form*; raises ChunkLost."""
        offset, size = chunk.place(form)
        try:
            descriptor = os.open(self.folder / chunk.name, os.O_RDONLY)
        except OSError as error:
            raise ChunkLost(f"{chunk.name}: {error.strerror}") from None
        try:
            data = os.pread(descriptor, size, offset)
        finally:
            os.close(descriptor)
        if len(data) != size:
            raise ChunkLost(f"{chunk.name} is cut short")
        return data

    def items(self, chunk: Chunk) -> list[Item]:
        """The items of *chunk*; raises ChunkLost."""
        raw = self.read(chunk, "")
        keys = msgspec.msgpack.decode(self.read(chunk, "keys"), type=_Keys)
        found, at = [], 0
        for key, size in zip(keys.keys, keys.sizes, strict=True):
            found.append(Item(key, raw[at : at + size]))
            at += size
        return found


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    return packer.compress(data) + packer.flush()


def runs_of(items: Iterable[Item]) -> Iterator[list[Item]]:
    """*items* in runs of about TARGET_BYTES; an item is never cut."""
    run: list[Item] = []
    size = 0
    for item in items:
        if run and size + len(item.text) > TARGET_BYTES:
            yield run
            run, size = [], 0
        run.append(item)
        size += len(item.text)
    if run:
        yield run


class ChunkWriter:
    """Makes the chunks of an index whose items come little by little, compressing in *pool*."""

    def __init__(self, store: ChunkStore, pool: ThreadPoolExecutor) -> None:
        store.folder.mkdir(parents=True, exist_ok=True)
        self._store, self._pool = store, pool
        self._run: list[Item] = []
        self._size = 0
        self._made: list[Future[Chunk]] = []

    def add(self, items: Iterable[Item]) -> None:
        """*items* are next in the order of their keys."""
        for item in items:
            if self._run and self._size + len(item.text) > TARGET_BYTES:
                self._flush()
            self._run.append(item)
            self._size += len(item.text)

    def _flush(self) -> None:
        self._made.append(self._pool.submit(self._store.write_one, self._run))
        self._run, self._size = [], 0
        if len(self._made) > MAX_WAITING:
            self._made[-MAX_WAITING].result()

    def finish(self) -> tuple[Chunk, ...]:
        """All chunks, once they are written."""
        if self._run:
            self._flush()
        return tuple(each.result() for each in self._made)
