"""Snapshots of a repository, and which versions of its suites they keep."""

from dataclasses import dataclass
from datetime import datetime

from mini_buildd.db.models import Publication, Snapshot


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A snapshot; *versions* are distributions with the numbers that they had."""

    name: str
    kind: str
    taken_at: datetime
    taken_by: str
    reason: str
    versions: tuple[tuple[str, int], ...]


def list_snapshots(repository: str) -> tuple[SnapshotRow, ...]:
    """The snapshots of *repository*, newest first."""
    rows = Snapshot.objects.filter(repository__name=repository)
    return tuple(
        SnapshotRow(
            name=row.name,
            kind=row.kind,
            taken_at=row.taken_at,
            taken_by=row.taken_by,
            reason=row.reason,
            versions=tuple(
                sorted((each.distribution.name, each.number) for each in row.versions.all())
            ),
        )
        for row in rows.prefetch_related("versions__distribution")
    )


def find_number_in(distribution: str, snapshot: str) -> int | None:
    """Which version of *distribution* the *snapshot* of its repository keeps."""
    rows = Publication.objects.filter(distribution__name=distribution, snapshots__name=snapshot)
    return rows.values_list("number", flat=True).first()


def find_number_at(distribution: str, moment: datetime) -> int | None:
    """Which version of *distribution* was published in the second that begins at *moment*."""
    rows = Publication.objects.filter(
        distribution__name=distribution,
        published_at__gte=moment,
        published_at__lt=moment.replace(microsecond=999_999),
        removed_at=None,
    )
    return rows.order_by("-number").values_list("number", flat=True).first()
