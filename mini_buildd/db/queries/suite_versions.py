"""The versions of a suite, and the snapshots that keep some of them, as people look at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mini_buildd.db.models import Distribution, Publication, Repository, Snapshot
from mini_buildd.domain.snapshot import SnapshotKind
from mini_buildd.domain.suite_version import Cause


class Standing(StrEnum):
    """Where a version of a suite is found."""

    WAITING = "waiting"  # decided, and not published yet
    PUBLISHED = "published"  # what everybody sees
    KEPT = "kept"  # one can go back to it
    GONE = "gone"  # only what it had is known


@dataclass(frozen=True, slots=True)
class SuiteVersion:
    """One version of a suite; *source* is the source package that made it, if it was one."""

    number: int
    standing: Standing
    at: datetime
    kind: Cause
    actor: str
    reason: str
    source: str
    restores: int | None


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One snapshot and its versions of suites, as (distribution, number)."""

    name: str
    kind: SnapshotKind
    taken_at: datetime
    taken_by: str
    reason: str
    versions: tuple[tuple[str, int], ...]


def published_number(distribution: Distribution) -> int | None:
    """The version that everybody sees; None when nothing is published yet."""
    rows = Publication.objects.filter(distribution=distribution, published_at__isnull=False)
    return rows.order_by("-number").values_list("number", flat=True).first()


def suite_versions(distribution: Distribution, limit: int) -> Sequence[SuiteVersion]:
    """The newest *limit* versions, the newest first."""
    rows = Publication.objects.filter(distribution=distribution).select_related("cause")
    shown = published_number(distribution)
    return [_version(row, shown) for row in rows.order_by("-number")[:limit]]


def _version(row: Publication, shown: int | None) -> SuiteVersion:
    standing = Standing.KEPT
    if row.published_at is None:
        standing = Standing.WAITING
    elif row.number == shown:
        standing = Standing.PUBLISHED
    elif row.removed_at is not None:
        standing = Standing.GONE
    return SuiteVersion(
        number=row.number,
        standing=standing,
        at=row.published_at or row.decided_at,
        kind=Cause(row.kind),
        actor=row.actor,
        reason=row.reason,
        source=str(row.cause) if row.cause is not None else "",
        restores=row.restores,
    )


def snapshots_of(repository: Repository) -> Sequence[SnapshotRow]:
    """All snapshots, the newest first."""
    rows = Snapshot.objects.filter(repository=repository)
    return [_snapshot(row) for row in rows.prefetch_related("versions__distribution")]


def _snapshot(row: Snapshot) -> SnapshotRow:
    versions = [(each.distribution.name, each.number) for each in row.versions.all()]
    return SnapshotRow(
        name=row.name,
        kind=SnapshotKind(row.kind),
        taken_at=row.taken_at,
        taken_by=row.taken_by,
        reason=row.reason,
        versions=tuple(sorted(versions)),
    )
