"""The indexes of a version of a suite: made from those of an earlier one, or else anew.

What an earlier version's indexes were made of is kept beside the chunks, in a cache that may be
removed at any time: then the next version is made anew, which takes longer and says the same.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import msgspec

from mini_buildd.archive.chunks import ChunkLost, ChunkStore, ChunkWriter, Item
from mini_buildd.archive.contents import ContentsSorter, changed_lines, touched_paths
from mini_buildd.archive.index import Index, put_together, read_groups, replace_groups
from mini_buildd.archive.items import packages_item, sources_item, translation_items
from mini_buildd.archive.plan import (
    Area,
    BinaryText,
    Changed,
    Content,
    IndexName,
    SourceText,
    SuiteFace,
    index_names,
)
from mini_buildd.kit.atomic import write_file

# Beyond this it is quicker, and takes less memory, to go through the whole suite.
_MANY_PACKAGES = 5000
_UNUSED_SECONDS = 3600


class SuiteState(msgspec.Struct, frozen=True):
    """The indexes of version *number* by their paths; *shape* is what else they depend on.

    *date* is what Content.dated said of the version.
    """

    number: int
    date: str
    shape: tuple[str, ...]
    indexes: dict[str, Index]


def _shape(face: SuiteFace) -> tuple[str, ...]:
    return (
        "1",  # raised when the program writes the same packages otherwise
        *map(str, face.architectures),
        *face.forms,
        f"contents={face.has_contents}",
        f"translations={face.has_translations}",
        f"debug={face.separates_debug}",
    )


@dataclass(frozen=True, slots=True)
class IndexCache:
    """The cache of one suite, below *folder*."""

    folder: Path

    def store(self, face: SuiteFace, name: IndexName) -> ChunkStore:
        """The chunks of an index; Contents is gzip only, as in Debian."""
        forms = ("gz",) if name.kind == "Contents" else face.forms
        return ChunkStore(self.folder / "chunks", forms)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number}.state"

    def numbers(self) -> list[int]:
        """The versions whose states are kept, the newest first."""
        found = [int(path.stem) for path in self.folder.glob("*.state") if path.stem.isdecimal()]
        return sorted(found, reverse=True)

    def load(self, number: int) -> SuiteState | None:
        """The state of that version; None when there is none that can be used."""
        try:
            return msgspec.msgpack.decode(self._path(number).read_bytes(), type=SuiteState)
        except (OSError, msgspec.MsgspecError):
            return None

    def find(self, face: SuiteFace, content: Content, numbers: Iterable[int]) -> SuiteState | None:
        """The first of the states *numbers* that indexes of *face* can be made from."""
        for number in numbers:
            state = self.load(number)
            if (
                state is not None
                and state.shape == _shape(face)
                and state.date == content.dated(number)
            ):
                return state
        return None

    def save(self, state: SuiteState) -> None:
        """Keep *state*."""
        write_file(self._path(state.number), msgspec.msgpack.encode(state))

    def drop(self) -> None:
        """Let the next version be made anew."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def prune(self, keep: Collection[int]) -> None:
        """Remove all states but those of versions to *keep*, and chunks that only the others had.

        Two neighbouring versions differ in a few chunks, so old states cost little, and going back
        to one costs nothing.
        """
        for number in self.numbers():
            if number not in keep:
                self._path(number).unlink(missing_ok=True)
        states = [self.load(number) for number in self.numbers()]
        used = {
            chunk.name
            for state in states
            if state is not None
            for index in state.indexes.values()
            for chunk in index.chunks
        }
        before = time.time() - _UNUSED_SECONDS
        for left in self.folder.glob(".*.tmp"):  # of a run that was killed (kit.atomic.beside)
            if left.stat().st_mtime < before:
                left.unlink()
        with contextlib.suppress(FileNotFoundError):
            for entry in os.scandir(self.folder / "chunks"):
                if entry.name not in used and entry.stat().st_mtime < before:
                    Path(entry.path).unlink(missing_ok=True)


def make_indexes(cache: IndexCache, face: SuiteFace, content: Content, blobs: Path) -> SuiteState:
    """The indexes of *face* with their files in *blobs*, durable, and kept for the next time."""
    cache.folder.mkdir(parents=True, exist_ok=True)
    state = None
    with contextlib.suppress(ChunkLost):
        state = _from_kept(cache, face, content, blobs)
    if state is None:
        indexes = _anew(cache, face, content)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            done = pool.map(
                lambda name: _finished(cache, face, name, indexes[name], blobs), indexes
            )
            made = {name.path: index for name, index in zip(indexes, done, strict=True)}
        state = SuiteState(face.number, content.dated(face.number), _shape(face), made)
    cache.save(state)
    return state


def _finished(
    cache: IndexCache, face: SuiteFace, name: IndexName, index: Index, blobs: Path
) -> Index:
    """*index* with its files, which are written unless they are there."""
    if index.files and all((blobs / file.sha256).exists() for file in index.files if file.form):
        return index
    return put_together(cache.store(face, name), index, blobs)


# --- from an earlier version ----------------------------------------------------


def _from_kept(
    cache: IndexCache, face: SuiteFace, content: Content, blobs: Path
) -> SuiteState | None:
    """From the version that it restores, or else from the newest; raises ChunkLost.

    None when there is none, or when too much has changed.
    """
    restored = () if face.restores is None else (face.restores,)
    base = cache.find(face, content, restored)
    changed = Changed(frozenset(), frozenset())
    if base is None:
        base = cache.find(face, content, cache.numbers())
        if base is None:
            return None
        changed = content.changed(base.number, face.number)
    if len(changed.packages) + len(changed.sources) > _MANY_PACKAGES:
        return None
    change = _Change(cache, face, content, base, changed)
    names = list(index_names(face))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = pool.map(lambda name: _finished(cache, face, name, change.index(name), blobs), names)
        indexes = {name.path: index for name, index in zip(names, made, strict=True)}
    return SuiteState(face.number, content.dated(face.number), _shape(face), indexes)


class _Change:
    """From *base* to the version that *face* is of."""

    def __init__(
        self,
        cache: IndexCache,
        face: SuiteFace,
        content: Content,
        base: SuiteState,
        changed: Changed,
    ) -> None:
        self._cache, self._face, self._base, self._changed = cache, face, base, changed
        names = changed.packages
        self._new = list(content.binaries(face.number, names)) if names else []
        wants_old = names and face.has_contents
        self._old = list(content.binaries(base.number, names)) if wants_old else []
        self._sources = (
            list(content.sources(face.number, changed.sources)) if changed.sources else []
        )

    def index(self, name: IndexName) -> Index:
        """The index called *name*; may be called from several threads at once."""
        store = self._cache.store(self._face, name)
        # An area is new with its first package, so an index that was not there was empty.
        index = self._base.indexes.get(name.path, Index())
        return replace_groups(store, index, self._groups(name, store, index))

    def _groups(
        self, name: IndexName, store: ChunkStore, index: Index
    ) -> Mapping[bytes, list[Item]]:
        if name.kind == "Contents":
            old, new = _belonging(self._old, name), _belonging(self._new, name)
            present = read_groups(store, index, touched_paths(old, new))
            return changed_lines(present, self._changed.packages, new)
        if name.kind == "Sources":
            found = [each for each in self._sources if Area(each.component) == name.area]
            return _grouped(self._changed.sources, (sources_item(each) for each in found))
        return _grouped(self._changed.packages, _items(self._face, name, self._new))


def _grouped(names: Iterable[str], items: Iterable[Item]) -> Mapping[bytes, list[Item]]:
    groups: dict[bytes, list[Item]] = {name.encode(): [] for name in names}
    for item in items:
        groups[item.group].append(item)
    return groups


def _belonging(binaries: Iterable[BinaryText], name: IndexName) -> list[BinaryText]:
    """A package for all architectures stands in the index of each."""
    return [
        binary
        for binary in binaries
        if binary.area == name.area and binary.architecture in (name.architecture, "all")
    ]


def _items(face: SuiteFace, name: IndexName, binaries: Collection[BinaryText]) -> list[Item]:
    """What *binaries* bring to an index of Packages or descriptions, in order."""
    if name.kind == "Translation-en":
        area = name.area.component
        return translation_items(each for each in binaries if each.area.component == area)
    found = [
        packages_item(binary, is_short=face.has_translations)
        for binary in _belonging(binaries, name)
    ]
    return sorted(found, key=lambda item: item.key)


# --- anew -----------------------------------------------------------------------


def _anew(cache: IndexCache, face: SuiteFace, content: Content) -> Mapping[IndexName, Index]:
    """Every index from all packages, which are gone through once."""
    names = list(index_names(face))
    with (
        closing(ContentsSorter(cache.folder)) as sorter,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        writers = {name: ChunkWriter(cache.store(face, name), pool) for name in names}
        binaries = content.binaries(face.number, None)
        for _, group in groupby(binaries, key=lambda binary: binary.package):
            _add_package(face, list(group), writers, sorter)
        sources = content.sources(face.number, None)
        for _, versions in groupby(sources, key=lambda source: source.source):
            _add_source(list(versions), writers)
        for name, writer in writers.items():
            if name.kind == "Contents":
                writer.add(sorter.lines(name.path))
        return {name: Index(writer.finish()) for name, writer in writers.items()}


def _add_package(
    face: SuiteFace,
    binaries: Collection[BinaryText],
    writers: Mapping[IndexName, ChunkWriter],
    sorter: ContentsSorter,
) -> None:
    """All that is called by one name, in its versions and for its architectures."""
    for name, writer in writers.items():
        if name.kind == "Contents":
            for binary in _belonging(binaries, name):
                sorter.add(name.path, binary)
        elif name.kind != "Sources":
            writer.add(_items(face, name, binaries))


def _add_source(versions: Collection[SourceText], writers: Mapping[IndexName, ChunkWriter]) -> None:
    for source in sorted(versions, key=lambda source: source.version):
        writers[IndexName(Area(source.component), "Sources")].add([sources_item(source)])
