"""Snapshots: names for the versions that the suites of a repository had at a moment."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mini_buildd.deb.names import Name


class SnapshotName(Name):
    """A folder below snapshots/, and what ``apt --snapshot`` takes.

    Never like 20261120T150000Z: such a name asks for the state at that moment.
    """

    __slots__ = ()
    kind = "snapshot name (letters, digits, plus, minus, full stop, tilde; not a moment)"
    grammar = re.compile(r"(?![0-9]{8}T[0-9]{6}Z\Z)[A-Za-z0-9][A-Za-z0-9.+~-]{0,63}")


class SnapshotKind(StrEnum):
    """What made it."""

    NAMED = "named"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


_PERIODS: Mapping[SnapshotKind, str] = {
    SnapshotKind.WEEKLY: "%G-W%V",
    SnapshotKind.MONTHLY: "%Y-%m",
    SnapshotKind.YEARLY: "%Y",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot that there is."""

    name: SnapshotName
    kind: SnapshotKind
    at: datetime


def due(
    kept: Mapping[SnapshotKind, int], taken: Iterable[Taken], at: datetime
) -> Iterator[tuple[SnapshotKind, SnapshotName]]:
    """The automatic snapshots of the periods that *at* lies in, unless they are there.

    *kept* says how many of each kind there are to be; 0 for none.
    """
    names = {each.name for each in taken}
    for kind, form in _PERIODS.items():
        name = SnapshotName(f"{kind}-{at:{form}}")
        if kept.get(kind, 0) and name not in names:
            yield kind, name


def expired(kept: Mapping[SnapshotKind, int], taken: Iterable[Taken]) -> Iterator[Taken]:
    """The automatic snapshots that are more than are kept of their kind: the oldest."""
    all_ = list(taken)
    for kind in _PERIODS:
        ours = sorted((each for each in all_ if each.kind is kind), key=lambda each: each.at)
        yield from ours[: max(len(ours) - kept.get(kind, 0), 0)]
