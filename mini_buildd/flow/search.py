"""Search: packages, versions, files, people, suites, builds and uploads, all in one question.

The catalogue finds, the database says what of it is so and may be seen. What was meant is told
when there is no doubt, so that who knows a name comes straight there.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mini_buildd.archive import catalogue_read
from mini_buildd.archive.catalogue_read import Asked, Maintainer
from mini_buildd.db.queries.builds import BuildRow
from mini_buildd.db.queries.builds import rows_of as builds_of
from mini_buildd.db.queries.found import (
    BinaryHit,
    current_binaries,
    find_repositories,
    find_suites,
    find_upload_row,
    find_uploaders,
    seen_versions,
    sources_by_binary,
)
from mini_buildd.db.queries.packages import SourceRow, has_source, rows_of
from mini_buildd.db.queries.uploads import UploadRow
from mini_buildd.flow.asked import asking

MOST = 20
LONGEST = 200

_NUMBER = re.compile(r"#?([0-9]{1,18})")
_NAMED_VERSION = re.compile(r"([a-z0-9][a-z0-9+.-]+)(?:[_/ ]| +)([0-9][A-Za-z0-9.+~:-]*)")


@dataclass(frozen=True, slots=True)
class BinaryFound:
    """A binary package, and the source packages that make it."""

    package: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """A binary package whose description fits."""

    package: str
    summary: str
    source: str


@dataclass(frozen=True, slots=True)
class FileFound:
    """A file, and the packages that have it."""

    path: str
    packages: tuple[BinaryHit, ...]


@dataclass(frozen=True, slots=True)
class Meant:
    """What was meant without doubt: a source package, one *version* of it, or a suite."""

    source: str = ""
    version: str = ""
    suite: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for *text*, the best first; *is_ready* when there is a catalogue to ask."""

    text: str
    is_ready: bool
    meant: Meant | None = None
    sources: tuple[SourceRow, ...] = ()
    binaries: tuple[BinaryFound, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    described: tuple[Described, ...] = ()
    files: tuple[FileFound, ...] = ()
    maintainers: tuple[Maintainer, ...] = ()
    uploaders: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    builds: tuple[BuildRow, ...] = ()
    uploads: tuple[UploadRow, ...] = field(default=())

    @property
    def count(self) -> int:
        """How much that is."""
        return sum(len(part) for part in self._parts())

    def _parts(self) -> Iterable[tuple[object, ...]]:
        return (
            self.sources,
            self.binaries,
            self.versions,
            self.described,
            self.files,
            self.maintainers,
            self.uploaders,
            self.suites,
            self.repositories,
            self.builds,
            self.uploads,
        )


def search(text: str, now: datetime, most: int = MOST) -> Found:
    """Whatever fits *text*, so much of each kind at *most*."""
    wanted = " ".join(text.split())[:LONGEST]
    with asking(most) as asked:
        if not wanted:
            return Found("", asked is not None)
        return _search(asked, wanted, now, most)


def _search(asked: Asked | None, text: str, now: datetime, most: int) -> Found:
    lower = text.lower()
    names = catalogue_read.source_names(asked, lower) if asked else []
    if lower not in names and has_source(lower):  # no suite has it, or not yet
        names = [lower, *names][:most]
    binaries = _binaries(catalogue_read.binary_names(asked, lower) if asked else [])
    suites = find_suites(lower, most)
    number = _NUMBER.fullmatch(text)
    upload = find_upload_row(int(number[1])) if number else None
    rows = rows_of(names, now)
    return Found(
        text=text,
        is_ready=asked is not None,
        meant=_meant(lower, names, binaries, suites),
        sources=tuple(rows[name] for name in names if rows[name].places or name == lower),
        binaries=binaries,
        versions=_versions(asked, text),
        described=_described(asked, text, {*names, *(each.package for each in binaries)}),
        files=_files(asked, text),
        maintainers=tuple(catalogue_read.people(asked, text)) if asked else (),
        uploaders=find_uploaders(text, most),
        suites=suites,
        repositories=find_repositories(lower, most),
        builds=builds_of([int(number[1])]) if number else (),
        uploads=(upload,) if upload is not None else (),
    )


def _binaries(names: list[str]) -> tuple[BinaryFound, ...]:
    """Those that are not called like their source package alone, which is found anyway."""
    sources = sources_by_binary(names)
    return tuple(
        BinaryFound(name, sources[name])
        for name in names
        if name in sources and sources[name] != (name,) and not _is_debug(name, names)
    )


def _is_debug(name: str, names: list[str]) -> bool:
    """Whether *name* has the debug symbols of another one of *names*."""
    return name.endswith("-dbgsym") and name.removesuffix("-dbgsym") in names


def _versions(asked: Asked | None, text: str) -> tuple[tuple[str, str], ...]:
    named = _NAMED_VERSION.fullmatch(text)
    if named:
        return tuple(seen_versions([(named[1], named[2])]))
    if asked is None or not text[0].isdigit():
        return ()
    found = catalogue_read.versions(asked, text)
    seen = seen_versions(found)
    return tuple(each for each in found if each in seen)


def _described(asked: Asked | None, text: str, told: set[str]) -> tuple[Described, ...]:
    """Without those that are *told* already by their names."""
    if asked is None:
        return ()
    found = {each.id: each for each in catalogue_read.described(asked, text)}
    there = current_binaries(found)
    shown = {
        each.package: Described(each.package, each.summary, there[pk].source)
        for pk, each in found.items()
        if pk in there and not there[pk].is_debug and each.package not in told
    }
    return tuple(shown.values())


def _files(asked: Asked | None, text: str) -> tuple[FileFound, ...]:
    if asked is None or " " in text:
        return ()
    found = catalogue_read.files(asked, text)
    there = current_binaries({each.binary for each in found})
    paths: dict[str, dict[str, BinaryHit]] = {}
    for each in found:
        hit = there.get(each.binary)
        if hit is not None:
            paths.setdefault(each.path, {}).setdefault(hit.package, hit)
    return tuple(FileFound(path, tuple(hits.values())) for path, hits in paths.items())


def _meant(
    text: str, names: list[str], binaries: tuple[BinaryFound, ...], suites: tuple[str, ...]
) -> Meant | None:
    named = _NAMED_VERSION.fullmatch(text)
    if named and seen_versions([(named[1], named[2])]):
        return Meant(named[1], named[2])
    if text in names:
        return Meant(text)
    if text in suites:
        return Meant(suite=text)
    made: Mapping[str, tuple[str, ...]] = {each.package: each.sources for each in binaries}
    sources = made.get(text, ())
    return Meant(sources[0]) if len(sources) == 1 else None
