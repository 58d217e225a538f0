"""What was counted as time went by: how builds ended day by day, and how long the queue was."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, QuerySet, Sum

from mini_buildd.db.models import BuildDay, Job, QueueSample
from mini_buildd.db.visibility import visible
from mini_buildd.domain.states import JOB_OPEN

# No moment has nearly so many.
SAMPLES = 5000


@dataclass(frozen=True, slots=True)
class DayRow:
    """How many attempts at builds ended on a day (UTC), and how long the good ones took."""

    day: date
    good: int
    failed: int
    other: int
    good_seconds: float

    @property
    def mean_seconds(self) -> float | None:
        """How long a good one took on average; None without any."""
        return self.good_seconds / self.good if self.good else None


@dataclass(frozen=True, slots=True)
class SampleRow:
    """How much waited and ran for an architecture in the *minutes* from *at* on, at most."""

    at: datetime
    architecture: str
    waiting: int
    running: int
    minutes: int


def list_days(since: date, *, distribution: str = "", architecture: str = "") -> tuple[DayRow, ...]:
    """The days from *since* on that had any, the oldest first."""
    rows = BuildDay.objects.filter(day__gte=since)
    if distribution:
        rows = rows.filter(distribution__name=distribution)
    if architecture:
        rows = rows.filter(architecture=architecture)
    sums = (
        visible(rows, "distribution__repository__name")
        .order_by("day")
        .values_list("day")
        .annotate(Sum("good"), Sum("failed"), Sum("other"), Sum("good_seconds"))
    )
    return tuple(DayRow(*row) for row in sums)


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples, the oldest first; *following* is the time of those behind them, None at the end."""

    rows: tuple[SampleRow, ...]
    following: datetime | None


def list_samples(since: datetime, architecture: str = "") -> tuple[SampleRow, ...]:
    """The samples of the queue from *since* on, the oldest first.

    They tell how much there was, and nothing of what; so they are for everybody.
    """
    return tuple(SampleRow(*row) for row in _samples(since, architecture))


def first_samples(since: datetime, architecture: str = "") -> Samples:
    """The first ones of these, about a day's; of a moment's all or none."""
    found = [SampleRow(*row) for row in _samples(since, architecture)[: SAMPLES + 1]]
    if len(found) <= SAMPLES:
        return Samples(tuple(found), None)
    following = found[-1].at
    return Samples(tuple(row for row in found if row.at < following), following)


def _samples(since: datetime, architecture: str) -> QuerySet[QueueSample, tuple[Any, ...]]:
    rows = QueueSample.objects.filter(at__gte=since)
    if architecture:
        rows = rows.filter(architecture=architecture)
    fields = ("at", "architecture", "waiting", "running", "minutes")
    return rows.order_by("at", "architecture").values_list(*fields)


def open_jobs() -> dict[tuple[str, str], int]:
    """How many jobs are in each open state now, by (architecture, state); for whoever counts."""
    rows = Job.objects.filter(state__in=JOB_OPEN).order_by()
    found = rows.values_list("architecture", "state").annotate(count=Count("pk"))
    return {(architecture, state): count for architecture, state, count in found}
