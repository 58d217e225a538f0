"""Figures for those who watch an instance: what there is now, and what has happened since.

All of it is asked by an index, so that it costs little however much was ever built.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Min, Q, Sum

from mini_buildd.db.models import Attempt, Builder, Event, Job, OpenPGPKey, PoolFile, Publication
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.states import JOB_OPEN

_AT_ONCE = 2000
_ENDS = frozenset({EventKind.JOB_SUCCEEDED, EventKind.JOB_FAILED, EventKind.JOB_LOST})
_PUBLICATIONS = frozenset({EventKind.SUITE_PUBLISHED})


@dataclass(frozen=True, slots=True)
class JobCount:
    """So many jobs of an architecture are in a state."""

    state: str
    architecture: str
    count: int


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as it is counted; *seconds* is what a build or a publication took, if known."""

    id: int
    kind: EventKind
    suite: str
    architecture: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class UploaderKeys:
    """How many keys count, and when the first of them ends."""

    count: int
    first_end: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """What the archives hold."""

    repository: str
    files: int
    size_bytes: int


def open_jobs() -> Sequence[JobCount]:
    """All jobs that have not ended, by state and architecture."""
    rows = (
        Job.objects.filter(state__in=JOB_OPEN)
        .order_by()
        .values_list("state", "architecture")
        .annotate(count=Count("pk"))
    )
    return [JobCount(*row) for row in rows]


def builders_in_use() -> Sequence[tuple[str, int, int]]:
    """Of each builder its name, its slots, and how many of them are taken."""
    taken = dict(
        Attempt.objects.filter(outcome="")
        .order_by()
        .values_list("builder")
        .annotate(count=Count("pk"))
    )
    rows = Builder.objects.order_by("name").values_list("name", "slots")
    return [(name, slots, taken.get(name, 0)) for name, slots in rows]


def uploader_keys(at: datetime) -> UploaderKeys:
    """Those that are approved, and not at their end *at* this moment."""
    good = Q(approved_at__isnull=False, is_active=True, refused_at=None, revoked_at=None)
    rows = OpenPGPKey.objects.filter(good).exclude(expires_at__lte=at)
    found = rows.aggregate(count=Count("pk"), first=Min("expires_at"))
    return UploaderKeys(found["count"], found["first"])


def held_files() -> Sequence[Held]:
    """What each archive holds; this reads every file's row, so it is not to be asked often."""
    rows = (
        PoolFile.objects.filter(removed_at=None)
        .order_by()
        .values_list(F("repository__name"))
        .annotate(files=Count("pk"), size=Sum("size_bytes"))
    )
    return [Held(name, files, size or 0) for name, files, size in rows]


def newest_event() -> int:
    """The number of the newest event; 0 when nothing has happened yet."""
    found: int | None = Event.objects.aggregate(newest=Max("pk"))["newest"]
    return found or 0


def happenings(after: int) -> Iterator[Happening]:
    """The events after that number, the oldest first; at most some thousand at once."""
    rows = list(
        Event.objects.filter(pk__gt=after)
        .order_by("pk")
        .values_list(
            "pk",
            "kind",
            "distribution__name",
            "source__distribution__name",
            "job__source__distribution__name",
            "job__architecture",
            "job_id",
            "distribution_id",
            "detail",
        )[:_AT_ONCE]
    )
    builds = _build_seconds([row[6] for row in rows if row[1] in _ENDS and row[6] is not None])
    versions = _publish_seconds([(row[7], row[8]) for row in rows if row[1] in _PUBLICATIONS])
    for pk, kind, *suites, architecture, job_id, distribution_id, detail in rows:
        seconds = builds.get(job_id) if kind in _ENDS else None
        if kind in _PUBLICATIONS:
            seconds = versions.get((distribution_id, detail))
        suite = next(filter(None, suites), "")
        yield Happening(pk, EventKind(kind), suite, architecture or "", seconds)


def _build_seconds(job_ids: Sequence[int]) -> dict[int, float]:
    """What the latest attempts of these jobs took."""
    rows = (
        Attempt.objects.filter(job__in=job_ids, started_at__isnull=False, finished_at__isnull=False)
        .order_by("pk")
        .values_list("job_id", "started_at", "finished_at")
    )
    return {
        job_id: (end - start).total_seconds()
        for job_id, start, end in rows
        if start is not None and end is not None
    }


def _publish_seconds(
    versions: Sequence[tuple[int | None, str]],
) -> dict[tuple[int | None, str], float]:
    """From the decision of these versions of suites until everybody could see them."""
    numbers = {int(detail) for _, detail in versions if detail.isascii() and detail.isdecimal()}
    suites = {suite for suite, _ in versions if suite is not None}
    rows = Publication.objects.filter(
        distribution__in=suites, number__in=numbers, published_at__isnull=False
    ).values_list("distribution_id", "number", "decided_at", "published_at")
    return {
        (suite, str(number)): (shown - decided).total_seconds()
        for suite, number, decided, shown in rows
        if shown is not None
    }
