"""Versions of a suite: what makes a new one, and in what two of them differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mini_buildd.deb.version import Version, compare, place


class Cause(StrEnum):
    """What made a version of a suite."""

    BEGIN = "begin"  # the suite is new
    UPLOAD = "upload"  # a source package was built
    LATE_BUILD = "late_build"  # one more architecture of it was built
    MIGRATE = "migrate"
    REMOVE = "remove"
    COPY = "copy"
    ROLLBACK = "rollback"
    IMPORT = "import"  # taken over from another archive, or built elsewhere


class Kind(StrEnum):
    """How a source package differs between two versions of a suite."""

    ADDED = "added"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    REBUILT = "rebuilt"  # the same source package with other binary packages


@dataclass(frozen=True, slots=True)
class Held:
    """One version of a source package in a suite, and its binary packages there, in order."""

    version: Version
    binaries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One source package; *before* and *after* are its versions, the latest first."""

    kind: Kind
    source: str
    before: tuple[Version, ...]
    after: tuple[Version, ...]


def differences(
    before: Mapping[str, Sequence[Held]], after: Mapping[str, Sequence[Held]]
) -> Iterator[Difference]:
    """In what two versions of a suite differ, by the names of source packages."""
    for name in sorted({*before, *after}):
        old, new = before.get(name, ()), after.get(name, ())
        kind = _kind(old, new)
        if kind is not None:
            yield Difference(kind, name, _versions(old), _versions(new))


def _kind(old: Sequence[Held], new: Sequence[Held]) -> Kind | None:
    if not old or not new:
        return (Kind.ADDED if new else Kind.REMOVED) if old or new else None
    order = compare(_versions(new)[0], _versions(old)[0])
    if order:
        return Kind.UPGRADED if order > 0 else Kind.DOWNGRADED
    return None if set(old) == set(new) else Kind.REBUILT


def _versions(held: Sequence[Held]) -> tuple[Version, ...]:
    return tuple(latest_first(each.version for each in held))


def latest_first(versions: Sequence[Version] | Iterator[Version]) -> list[Version]:
    """*versions* in apt's order, backwards."""
    return sorted(versions, key=place, reverse=True)
