"""When the next period of automatic snapshots begins."""

from datetime import datetime, timedelta

from mini_buildd.domain.snapshot import SnapshotKind


def next_period(kind: SnapshotKind, at: datetime) -> datetime | None:
    """The beginning of the period after the one that *at* lies in; None of those that have none."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    match kind:
        case SnapshotKind.WEEKLY:
            return day + timedelta(days=7 - day.weekday())
        case SnapshotKind.MONTHLY:
            return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        case SnapshotKind.YEARLY:
            return day.replace(year=day.year + 1, month=1, day=1)
        case SnapshotKind.NAMED:
            return None
