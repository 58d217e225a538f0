"""Whether what lies in the tree is whole: versions of suites, their indexes, and the cache."""

import gzip
import hashlib
import lzma
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import zstandard

from mini_buildd.archive import xz
from mini_buildd.archive.chunks import Chunk, ChunkLost, ChunkStore
from mini_buildd.archive.plan import ReleaseLine
from mini_buildd.archive.seen import UNPACK_ERRORS, Seen, Unreadable
from mini_buildd.archive.suite_state import IndexCache
from mini_buildd.archive.write import release_lines
from mini_buildd.domain.finding import FindingKind

_SIGNED = ("Release", "InRelease", "Release.gpg")
FORMS = (".gz", ".xz", ".zst")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it should be; *path* is relative to the version or the blobs."""

    kind: FindingKind
    path: str
    expected: str
    found: str


# Says why a version's Release is not signed as it should be; empty when it is.
CheckSignatures = Callable[[Path], str]


def inspect_version(
    seen: Seen, folder: Path, blobs: Path, check_signatures: CheckSignatures
) -> Iterator[Fault]:
    """What is wrong with the version of a suite in *folder*."""
    yield from _signatures(folder, check_signatures)
    if not (folder / "Release").is_file():
        return
    try:
        lines = list(release_lines((folder / "Release").read_bytes()))
    except (OSError, ValueError) as error:
        yield Fault(FindingKind.VERSION_DAMAGED, "Release", "a list of files", str(error))
        return
    yield from _indexes(seen, folder, blobs, lines)
    yield from _foreign(folder, {line.path for line in lines})


def inspect_face(folder: Path, version: Path, check_signatures: CheckSignatures) -> Iterator[Fault]:
    """What is wrong with *folder*, where the whole *version* is signed once more."""
    unsigned = list(_signatures(folder, check_signatures))
    if unsigned:
        yield from (replace(fault, kind=FindingKind.SIGNATURE) for fault in unsigned)
        return
    try:
        lines = [list(release_lines((each / "Release").read_bytes())) for each in (folder, version)]
    except ValueError:
        lines = []
    if not lines or lines[0] != lines[1]:
        yield Fault(FindingKind.POINTER, "Release", "the indexes of the version", "others")
    for entry in sorted(version.iterdir()):
        link = folder / entry.name
        if entry.is_dir() and not (link.is_symlink() and link.resolve() == entry.resolve()):
            found = "another one" if link.is_symlink() else "none"
            yield Fault(FindingKind.POINTER, entry.name, "a link to that of the version", found)


def _signatures(folder: Path, check_signatures: CheckSignatures) -> Iterator[Fault]:
    missing = [name for name in _SIGNED if not (folder / name).is_file()]
    for name in missing:
        kind = FindingKind.VERSION_DAMAGED if name == "Release" else FindingKind.SIGNATURE
        yield Fault(kind, name, "a file", "none")
    said = "" if missing else check_signatures(folder)
    if said:
        yield Fault(FindingKind.SIGNATURE, "InRelease", "signed by the archive's keys", said)


def _indexes(seen: Seen, folder: Path, blobs: Path, lines: list[ReleaseLine]) -> Iterator[Fault]:
    packed = {line.path for line in lines if line.path.endswith(FORMS)}
    for parent in sorted({path.rpartition("/")[0] for path in packed}):
        link = folder / parent / "by-hash"
        if not link.is_symlink() or link.resolve() != blobs.parent.resolve():
            wanted = "a link to the suite's indexes by hash"
            found = "another one" if link.is_symlink() else "none"
            yield Fault(FindingKind.VERSION_DAMAGED, f"{parent}/by-hash", wanted, found)
    for line in lines:
        if line.path in packed:
            yield from _compare(seen.file, folder / line.path, line)
            yield from _compare(seen.file, blobs / line.sha256, line)
            continue
        for form in FORMS:
            if f"{line.path}{form}" in packed:
                yield from _compare(seen.plain, folder / f"{line.path}{form}", line)


def _compare(read: Callable[[Path], ReleaseLine], path: Path, line: ReleaseLine) -> Iterator[Fault]:
    wanted = f"{line.size_bytes} bytes with SHA-256 {line.sha256}, as Release says of {line.path}"
    shown = line.path if path.name != line.sha256 else f"../by-hash/SHA256/{line.sha256}"
    try:
        there = read(path)
    except Unreadable as error:
        yield Fault(FindingKind.VERSION_DAMAGED, shown, wanted, str(error))
        return
    if (there.size_bytes, there.sha256) != (line.size_bytes, line.sha256):
        found = f"{there.size_bytes} bytes with SHA-256 {there.sha256}"
        yield Fault(FindingKind.VERSION_DAMAGED, shown, wanted, found)


def _foreign(folder: Path, named: set[str]) -> Iterator[Fault]:
    """Files that the Release does not name."""
    for each, _, files in os.walk(folder):
        for name in files:
            path = os.path.relpath(os.path.join(each, name), folder)  # noqa: PTH118  # quicker, and there may be many
            if path not in named and path not in _SIGNED and name != "by-hash":
                yield Fault(FindingKind.LEFT_OVER, path, "nothing", "a file")


def inspect_blobs(seen: Seen, blobs: Path) -> Iterator[Fault]:
    """Indexes by hash that have another one; also those that only older clients still ask for."""
    for path in sorted(blobs.iterdir()) if blobs.is_dir() else ():
        if path.name.startswith("."):
            continue
        try:
            found = seen.file(path).sha256
        except Unreadable as error:
            found = str(error)
        if found != path.name:
            where = f"by-hash/SHA256/{path.name}"
            yield Fault(FindingKind.VERSION_DAMAGED, where, f"SHA-256 {path.name}", found)


def inspect_cache(cache: IndexCache) -> Iterator[Fault]:
    """Chunks that the next version would be made from and that are not whole."""
    for number in cache.numbers()[:1]:
        state = cache.load(number)
        if state is None:
            yield Fault(FindingKind.CACHE, f"{number}.state", "a list of chunks", "something else")
            return
        chunks = {chunk.name: chunk for index in state.indexes.values() for chunk in index.chunks}
        for chunk in chunks.values():
            said = _what_is_wrong(cache.folder / "chunks", chunk)
            if said:
                yield Fault(FindingKind.CACHE, f"chunks/{chunk.name}", "a whole chunk", said)


def _what_is_wrong(folder: Path, chunk: Chunk) -> str:
    """Why that chunk cannot be used; empty when it can."""
    store = ChunkStore(folder, ())
    try:
        raw, keys = store.read(chunk, ""), store.read(chunk, "keys")
        if hashlib.sha256(keys + raw).hexdigest() != chunk.name.partition(".")[0]:
            return "another text than its name says"
        if chunk.gz and gzip.decompress(store.read(chunk, "gz")) != raw:
            return "another text in its gzip form"
        if chunk.zst and zstandard.decompress(store.read(chunk, "zst")) != raw:
            return "another text in its zstd form"
        stream = xz.header() + store.read(chunk, "xz") + xz.tail([chunk.record])
        if chunk.xz and lzma.decompress(stream) != raw:
            return "another text in its xz form"
    except (ChunkLost, *UNPACK_ERRORS) as error:
        return str(error)
    return ""
