"""What is to happen by the calendar: snapshots of repositories, and suites that are signed anew."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Max, OuterRef, Subquery

from mini_buildd.db.models import Distribution, Publication, Repository, Snapshot
from mini_buildd.db.visibility import visible
from mini_buildd.domain.period import next_period
from mini_buildd.domain.snapshot import SnapshotKind


@dataclass(frozen=True, slots=True)
class SnapshotPlan:
    """The next automatic snapshot of a kind; *last_at* is when the latest of them was taken."""

    repository: str
    kind: SnapshotKind
    kept: int
    next_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class RenewalPlan:
    """When a suite is signed anew, so that its Valid-Until does not run out."""

    distribution: str
    valid_until: datetime
    next_at: datetime


def list_snapshot_plans(at: datetime) -> tuple[SnapshotPlan, ...]:
    """By repository, and of each the kinds of which some are kept."""
    rows = Snapshot.objects.order_by().values_list("repository", "kind")
    last = {(pk, kind): taken for pk, kind, taken in rows.annotate(last=Max("taken_at"))}
    plans = []
    for row in visible(Repository.objects.order_by("name"), "name"):
        counts = (
            (SnapshotKind.WEEKLY, row.weekly_snapshots),
            (SnapshotKind.MONTHLY, row.monthly_snapshots),
            (SnapshotKind.YEARLY, row.yearly_snapshots),
        )
        plans += [
            SnapshotPlan(row.name, kind, kept, next_period(kind, at), last.get((row.pk, kind)))
            for kind, kept in counts
            if kept
        ]
    return tuple(plans)


def list_renewals() -> tuple[RenewalPlan, ...]:
    """Suites that apt refuses after a date, the one that is next first."""
    newest = Publication.objects.filter(
        distribution=OuterRef("pk"), published_at__isnull=False
    ).order_by("-number")
    rows = (
        visible(Distribution.objects.filter(suite__valid_days__isnull=False), "repository__name")
        .annotate(until=Subquery(newest.values("valid_until")[:1]), days=F("suite__valid_days"))
        .values_list("name", "until", "days")
    )
    plans = [
        RenewalPlan(name, until, until - timedelta(days=days) / 2)
        for name, until, days in rows
        if until is not None
    ]
    return tuple(sorted(plans, key=lambda plan: plan.next_at))
