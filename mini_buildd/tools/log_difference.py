"""In what the log of a build differs from that of an earlier, good one.

Phase by phase; what every build says differently does not count, nor do lines that only moved, as
those of programs that ran side by side.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, islice

from mini_buildd.tools.line_matches import matches
from mini_buildd.tools.log_sections import Section, Sections, counts, key_of
from mini_buildd.tools.sbuild_log import Line, is_error

# What is compared by itself, or says nothing that the build did.
_LEFT_OUT = frozenset({"Build environment", "Buildinfo", "Changes", "Cleanup", "Summary"})
_AROUND = 2
_MOST_IN_A_ROW = 20
_MOST_SHOWN = 600
_LONGEST = 500


class Kind(StrEnum):
    """Which log has the line; SKIPPED stands for lines that are not shown."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Difference:
    """A line with its *number* in the log that has it (0: not known); or *count* skipped ones."""

    kind: Kind
    number: int = 0
    text: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class PhaseDifference:
    """A phase that differs: how many lines only one of the logs has, and those to show."""

    title: str
    gone: int
    new: int
    lines: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class PackageChange:
    """A package that the build had; a version is empty where it was not there."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class LogDifference:
    """All of it; *knows_packages* when both logs say with which packages they were built."""

    packages: tuple[PackageChange, ...]
    knows_packages: bool
    phases: tuple[PhaseDifference, ...]
    not_reached: tuple[str, ...]
    is_cut: bool


def difference(before: Sections, after: Sections, *, first: str = "") -> LogDifference:
    """What is other in *after*; the phase *first*, which may have failed, comes first."""
    titles = sorted(
        (title for title in after.phases if title == first or title in before.phases),
        key=lambda title: title != first,
    )
    compared = (
        _phase(title, (before, before.phases.get(title)), (after, after.phases[title]))
        for title in titles
        if title not in _LEFT_OUT
    )
    return LogDifference(
        packages=tuple(_packages(before.packages, after.packages)),
        knows_packages=bool(before.packages and after.packages),
        phases=tuple(phase for phase in compared if phase.lines),
        not_reached=tuple(title for title in before.phases if title not in after.phases),
        is_cut=before.is_cut or after.is_cut,
    )


def _packages(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[PackageChange]:
    if not before or not after:
        return
    for name in sorted(before.keys() | after.keys()):
        versions = before.get(name, ""), after.get(name, "")
        if versions[0] != versions[1] and not name.startswith("sbuild-build-depends-"):
            yield PackageChange(name, *versions)


def _phase(
    title: str, before: tuple[Sections, Section | None], after: tuple[Sections, Section]
) -> PhaseDifference:
    old, old_keys = _keyed(title, *before)
    new, new_keys = _keyed(title, *after)
    kinds = list(_kinds(old_keys, new_keys))
    changes = _without_moves(kinds, old_keys, new_keys)
    lines = tuple(_shown(changes, old, new))
    sums = Counter(kind for kind, _ in changes)
    return PhaseDifference(title, sums[Kind.GONE], sums[Kind.NEW], lines)


def _keyed(title: str, log: Sections, section: Section | None) -> tuple[list[Line], list[str]]:
    """The lines that count, and their keys."""
    lines = section.lines if section is not None else []
    kept = [line for line in lines if counts(line.text, title)]
    key = key_of(log.version)
    return kept, [key(line.text) for line in kept]


def _kinds(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Kind, int]]:
    """Each line with its place: a gone one in the *old* lines, all others in the *new* ones."""
    i = j = 0
    for pair in [*matches(old, new), (len(old), len(new))]:
        yield from ((Kind.GONE, place) for place in range(i, pair[0]))
        yield from ((Kind.NEW, place) for place in range(j, pair[1]))
        if pair[1] < len(new):
            yield Kind.SAME, pair[1]
        i, j = pair[0] + 1, pair[1] + 1


def _without_moves(
    kinds: Iterable[tuple[Kind, int]], old: Sequence[str], new: Sequence[str]
) -> list[tuple[Kind, int]]:
    """The same, where a line that is gone here and new there is just the same."""
    kinds = list(kinds)
    gone = Counter(old[place] for kind, place in kinds if kind is Kind.GONE)
    came = Counter(new[place] for kind, place in kinds if kind is Kind.NEW)
    moved = gone & came
    left, found = moved.copy(), []
    for kind, place in kinds:
        if kind is Kind.GONE and left[old[place]] > 0:
            left[old[place]] -= 1
        elif kind is Kind.NEW and moved[new[place]] > 0:
            moved[new[place]] -= 1
            found.append((Kind.SAME, place))
        else:
            found.append((kind, place))
    return found


def _shown(
    changes: Sequence[tuple[Kind, int]], old: Sequence[Line], new: Sequence[Line]
) -> Iterator[Difference]:
    """The changed lines with some around them; the others, and what is too much, only counted."""
    wanted = {
        place + step for place in _kept(changes, new) for step in range(-_AROUND, _AROUND + 1)
    }
    shown = skipped = 0
    for place, (kind, number) in enumerate(changes):
        if place not in wanted or shown >= _MOST_SHOWN:
            skipped += 1
            continue
        if skipped:
            yield Difference(Kind.SKIPPED, count=skipped)
            skipped = 0
        shown += 1
        line = old[number] if kind is Kind.GONE else new[number]
        yield Difference(kind, line.number, line.text[:_LONGEST])
    if skipped and shown:
        yield Difference(Kind.SKIPPED, count=skipped)


def _kept(changes: Sequence[tuple[Kind, int]], new: Sequence[Line]) -> Iterator[int]:
    """The places of changes; of many in a row the first and last, and those that tell of errors."""
    for kind, group in groupby(enumerate(changes), key=lambda item: item[1][0]):
        run = list(group)
        if kind is Kind.SAME:
            continue
        if len(run) <= _MOST_IN_A_ROW:
            yield from (place for place, _ in run)
            continue
        half = _MOST_IN_A_ROW // 2
        yield from (place for place, _ in (*run[:half], *run[-half:]))
        if kind is Kind.NEW:
            telling = (place for place, (_, number) in run if is_error(new[number].text))
            yield from islice(telling, _MOST_IN_A_ROW)
