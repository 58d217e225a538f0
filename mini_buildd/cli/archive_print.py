"""How ``mini-buildd archive`` shows suites, their versions and what changes in them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from mini_buildd.cli.screen import Cell, Row, moment
from mini_buildd.db.queries.snapshots import SnapshotRow
from mini_buildd.db.queries.version_line import Presence, VersionRow
from mini_buildd.deb.version import Version
from mini_buildd.domain.suite_version import Cause, Difference, Held, Kind

_GREEN, _RED, _YELLOW, _BLUE, _FAINT = "32", "31", "33", "34", "2"

_MARKS = {
    Kind.ADDED: ("+", _GREEN),
    Kind.REMOVED: ("-", _RED),
    Kind.UPGRADED: ("↑", _GREEN),
    Kind.DOWNGRADED: ("↓", _YELLOW),
    Kind.REBUILT: ("↻", _BLUE),
}
_PRESENCES = {
    Presence.SHOWN: ("● published", _GREEN),
    Presence.PENDING: ("○ waiting", _YELLOW),
    Presence.KEPT: ("  kept", ""),
    Presence.GONE: ("– gone", _FAINT),
    Presence.SKIPPED: ("– skipped", _FAINT),
}


# --- what there is ----------------------------------------------------------------


def version_row(version: VersionRow, changes: Sequence[Difference]) -> Row:
    """A version of a suite, and in what it differs from the one before."""
    what = version.kind.replace("_", " ")
    if version.restores is not None:
        what = f"{what} to {version.restores}"
    return [
        Cell(*_PRESENCES[version.presence]),
        str(version.number),
        moment(version.published_at or version.decided_at),
        what,
        version.actor,
        _summary(changes),
        version.reason or ("" if version.kind is Cause.UPLOAD else version.package),
    ]


def _summary(changes: Sequence[Difference]) -> str:
    """The one source package by name, of several how many."""
    if len(changes) == 1:
        (only,) = changes
        return f"{_MARKS[only.kind][0]} {only.source} {_versions(only)}"
    counts = {kind: sum(each.kind is kind for each in changes) for kind in _MARKS}
    return " ".join(f"{_MARKS[kind][0]}{count}" for kind, count in counts.items() if count)


def frozen(since: datetime, who: str, reason: str) -> Cell:
    """That nothing comes into a suite."""
    why = f": {reason}" if reason else ""
    return Cell(f"◈ frozen since {moment(since)} UTC by {who}{why}", _YELLOW)


def held_rows(name: str, versions: Iterable[Held]) -> Iterator[Row]:
    """A source package of a suite, a row for each of its versions."""
    for held in versions:
        architectures = sorted({text.rpartition(" ")[2] for text in held.binaries})
        count = len(held.binaries)
        made = f"{count} binary package{'' if count == 1 else 's'}"
        yield [name, str(held.version), f"{made}: {' '.join(architectures)}" if count else "none"]


def snapshot_row(snapshot: SnapshotRow) -> Row:
    """A snapshot of a repository."""
    count = len(snapshot.versions)
    return [
        snapshot.name,
        snapshot.kind,
        moment(snapshot.taken_at),
        snapshot.taken_by,
        f"{count} suite{'' if count == 1 else 's'}",
        snapshot.reason,
    ]


# --- what changes -----------------------------------------------------------------


def difference_row(difference: Difference) -> Row:
    """A source package that differs."""
    shape, colour = _MARKS[difference.kind]
    word = str(difference.kind)
    if difference.kind is Kind.REBUILT and difference.before != difference.after:
        word = "changed"  # of several versions others than the latest
    return [Cell(f"{shape} {word}", colour), difference.source, _versions(difference)]


def _versions(difference: Difference) -> str:
    before, after = _joined(difference.before), _joined(difference.after)
    if not before or not after or before == after:
        return after or before
    return f"{before} → {after}"


def _joined(versions: Iterable[Version]) -> str:
    return ", ".join(versions)


def published(text: str) -> Cell:
    """Something is out."""
    return Cell(f"● {text}", _GREEN)


def waiting(text: str) -> Cell:
    """Something is to come."""
    return Cell(f"○ {text}", _YELLOW)


def broken(text: str) -> Cell:
    """Something would break."""
    return Cell(f"✕ {text}", _RED)
