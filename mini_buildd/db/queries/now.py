"""The home page: what needs somebody, what runs, what waits, what was last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import (
    Exists,
    OuterRef,
    Q,
    QuerySet,
    prefetch_related_objects,
)

from mini_buildd.db.models import Job, Source, Upload
from mini_buildd.db.queries.builds import BuildRow, build_row, in_order, jobs
from mini_buildd.db.queries.suites import Frozen, list_frozen
from mini_buildd.db.queries.uploads import UploadRow, upload_row, uploads
from mini_buildd.domain.states import JOB_OPEN, JOB_UNDER_WAY, JobState, SourceState, UploadState

_SHOWN = 8
_NEED_DAYS = 7


@dataclass(frozen=True, slots=True)
class Now:
    """What is going on; *waiting* are the first of all that waits."""

    failed: tuple[BuildRow, ...]
    rejected: tuple[UploadRow, ...]
    running: tuple[BuildRow, ...]
    waiting: tuple[BuildRow, ...]
    uploads: tuple[UploadRow, ...]
    builds: tuple[BuildRow, ...]
    frozen: tuple[Frozen, ...]


def find_now(at: datetime, order: Sequence[int]) -> Now:
    """Everything the home page shows, as it is *at* this moment.

    *order* are the jobs that wait, in the order in which they will be built.
    """
    since = at - timedelta(days=_NEED_DAYS)
    bare = jobs().prefetch_related(None)  # the attempts of all of them come in one question, below
    failed = list(_failed(since).order_by("-pk")[:_SHOWN])
    running = list(bare.filter(state__in=JOB_UNDER_WAY).order_by("pk"))
    waiting = in_order(bare, order[:_SHOWN])
    # Not by the states that they have: all that ever ended would be sorted for a few of them.
    ended = list(bare.exclude(state__in=JOB_OPEN).order_by("-pk")[:_SHOWN])
    prefetch_related_objects([*failed, *running, *waiting, *ended], "attempts")
    return Now(
        failed=_rows(failed),
        rejected=_rejected(since),
        running=_rows(running),
        waiting=_rows(waiting),
        uploads=tuple(upload_row(row) for row in uploads().order_by("-pk")[:_SHOWN]),
        builds=_rows(ended),
        frozen=list_frozen(),
    )


def _rows(found: Sequence[Job]) -> tuple[BuildRow, ...]:
    return tuple(build_row(job) for job in found)


def _failed(since: datetime) -> QuerySet[Job]:
    """Failed builds since then whose package did not come again in the same distribution.

    Of those that build a published package again, the latest counts.
    """
    newer = Source.objects.filter(
        name=OuterRef("source__name"),
        distribution=OuterRef("source__distribution"),
        pk__gt=OuterRef("source_id"),
    )
    again = Job.objects.filter(
        source=OuterRef("source"),
        architecture=OuterRef("architecture"),
        binnmu__gt=OuterRef("binnmu"),
    )
    return (
        jobs()
        .prefetch_related(None)
        .filter(
            ~Exists(newer),
            Q(source__state=SourceState.FAILED) | Q(binnmu__gt=0) & ~Exists(again),
            state=JobState.FAILED,
            created_at__gte=since,
        )
    )


def _rejected(since: datetime) -> tuple[UploadRow, ...]:
    """Rejected uploads since then that were not tried again."""
    again = Upload.objects.filter(pk__gt=OuterRef("pk")).filter(
        Q(changes_name=OuterRef("changes_name"))
        | Q(
            ~Q(source_name=""),
            source_name=OuterRef("source_name"),
            distribution_name=OuterRef("distribution_name"),
        )
    )
    rows = uploads().filter(~Exists(again), state=UploadState.REJECTED, received_at__gte=since)
    return tuple(upload_row(row) for row in rows.order_by("-pk")[:_SHOWN])
