"""An index (Packages, Sources, Contents, Translation) as a list of chunks, and how it changes.

Changing some groups of items costs the chunks that hold them; the others are neither decompressed
nor compressed again when the files are put together.
"""

import gzip
import hashlib
import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import zstandard

from mini_buildd.archive import xz
from mini_buildd.archive.chunks import TARGET_BYTES, Chunk, ChunkStore, Item, runs_of
from mini_buildd.kit.atomic import beside

# What has shrunk below this is joined with what stands before it.
_SMALL_BYTES = TARGET_BYTES // 4


class IndexFile(msgspec.Struct, frozen=True, array_like=True):
    """An index in one form as Release names it; *form* "" is only hashed, never written."""

    form: str
    size_bytes: int
    sha256: str


class Index(msgspec.Struct, frozen=True, array_like=True):
    """The chunks of an index in their order, and the files that were put together of them."""

    chunks: tuple[Chunk, ...] = ()
    files: tuple[IndexFile, ...] = ()


def build(store: ChunkStore, items: Iterable[Item]) -> Index:
    """An index of *items*, which come in the order of their keys."""
    return Index(tuple(store.write(runs_of(items))))


def read_groups(
    store: ChunkStore, index: Index, groups: Iterable[bytes]
) -> Mapping[bytes, list[Item]]:
    """What the index has in each of *groups*; raises ChunkLost."""
    found: dict[bytes, list[Item]] = {group: [] for group in sorted(set(groups))}
    for first, end, _ in _spans(index.chunks, list(found)):
        for item in _items(store, index.chunks[first:end]):
            if item.group in found:
                found[item.group].append(item)
    return found


def replace_groups(
    store: ChunkStore, index: Index, groups: Mapping[bytes, Sequence[Item]]
) -> Index:
    """*index* with these items for each of *groups*, in place of what it had there.

    Gives *index* itself when nothing changes by that; raises ChunkLost.
    """
    chunks = index.chunks
    runs: list[list[Item] | Chunk] = []
    done = 0
    for first, end, names in _spans(chunks, sorted(groups)):
        runs += chunks[done:first]
        done = end
        old = _items(store, chunks[first:end])
        new = [item for item in old if item.group not in names]
        new += [item for name in names for item in groups[name]]
        new.sort(key=lambda item: item.key)
        if new == old:
            runs += chunks[first:end]
            continue
        if runs and sum(len(item.text) for item in new) < _SMALL_BYTES:
            before = runs.pop()
            new = [*(store.items(before) if isinstance(before, Chunk) else before), *new]
        runs += runs_of(new)
    runs += chunks[done:]
    made = store.write(run for run in runs if isinstance(run, list))
    changed = tuple(run if isinstance(run, Chunk) else next(made) for run in runs)
    return index if changed == chunks else Index(changed)


def _items(store: ChunkStore, chunks: Iterable[Chunk]) -> list[Item]:
    return [item for chunk in chunks for item in store.items(chunk)]


def _spans(
    chunks: Sequence[Chunk], groups: Sequence[bytes]
) -> Iterator[tuple[int, int, set[bytes]]]:
    """Runs of chunks, as first and end, and the sorted *groups* that have their place in them."""
    firsts = [chunk.first for chunk in chunks]
    span: tuple[int, int, set[bytes]] | None = None
    for group in groups:
        first = max(bisect_right(firsts, group) - 1, 0)
        # Keys of the group are the group itself, or go on with NUL, the lowest byte.
        end = min(max(bisect_left(firsts, group + b"\1"), first + 1), len(chunks))
        if span is not None and first < span[1]:
            span = span[0], max(end, span[1]), span[2] | {group}
        elif span is not None and not chunks:
            span[2].add(group)
        else:
            if span is not None:
                yield span
            span = first, end, {group}
    if span is not None:
        yield span


def put_together(store: ChunkStore, index: Index, blobs: Path) -> Index:
    """Write the files of *index* in every form into *blobs*, by their SHA-256; durable.

    Gives the index with its files; raises ChunkLost.
    """
    with ThreadPoolExecutor(len(store.forms) + 1) as pool:
        plain = pool.submit(_digest, store, index)
        packed = [pool.submit(_write, store, index, form, blobs) for form in store.forms]
        return Index(index.chunks, (plain.result(), *(each.result() for each in packed)))


def _digest(store: ChunkStore, index: Index) -> IndexFile:
    digest = hashlib.sha256()
    for chunk in index.chunks:
        digest.update(store.read(chunk, ""))
    return IndexFile("", sum(chunk.raw for chunk in index.chunks), digest.hexdigest())


def _write(store: ChunkStore, index: Index, form: str, blobs: Path) -> IndexFile:
    digest, size = hashlib.sha256(), 0
    passing = beside(blobs / form)
    try:
        with passing.open("xb") as stream:
            for part in _parts(store, index, form):
                digest.update(part)
                size += len(part)
                stream.write(part)
            stream.flush()
            os.fchmod(stream.fileno(), 0o644)  # whatever the umask: this is published
            os.fsync(stream.fileno())
        passing.rename(blobs / digest.hexdigest())
    except BaseException:
        passing.unlink(missing_ok=True)
        raise
    return IndexFile(form, size, digest.hexdigest())


def _parts(store: ChunkStore, index: Index, form: str) -> Iterator[bytes]:
    """The bytes of the whole file in that form."""
    if form == "xz":
        yield xz.header()
    elif not index.chunks:  # of no members or frames at all it would not be such a file
        yield gzip.compress(b"", mtime=0) if form == "gz" else zstandard.compress(b"")
    for chunk in index.chunks:
        yield store.read(chunk, form)
    if form == "xz":
        yield xz.tail(chunk.record for chunk in index.chunks)
