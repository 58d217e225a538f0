"""The home page: what needs somebody, what runs, what waits, what was last."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q

from mini_buildd.db.models import Job, Source, Upload
from mini_buildd.db.queries.builds import (
    BuildRow,
    build_row,
    jobs,
    running_builds,
    waiting_builds,
)
from mini_buildd.db.queries.uploads import UploadRow, upload_row, uploads
from mini_buildd.domain.states import JobState, SourceState, UploadState

_SHOWN = 8
_NEED_DAYS = 7


@dataclass(frozen=True, slots=True)
class Now:
    """What is going on; *waiting* are the first of *waiting_count*."""

    failed: tuple[BuildRow, ...]
    rejected: tuple[UploadRow, ...]
    running: tuple[BuildRow, ...]
    waiting: tuple[BuildRow, ...]
    waiting_count: int
    uploads: tuple[UploadRow, ...]
    builds: tuple[BuildRow, ...]


def find_now(at: datetime) -> Now:
    """Everything the home page shows, as it is *at* this moment."""
    since = at - timedelta(days=_NEED_DAYS)
    waiting = waiting_builds(_SHOWN)
    ended = jobs().filter(state__in=(JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED))
    return Now(
        failed=_failed(since),
        rejected=_rejected(since),
        running=running_builds(),
        waiting=waiting,
        waiting_count=_waiting_count() if len(waiting) == _SHOWN else len(waiting),
        uploads=tuple(upload_row(row) for row in uploads().order_by("-pk")[:_SHOWN]),
        builds=tuple(build_row(job) for job in ended.order_by("-pk")[:_SHOWN]),
    )


def _waiting_count() -> int:
    states = (JobState.WAITING, JobState.LOST, JobState.DEP_WAIT)
    return Job.objects.filter(state__in=states).count()


def _failed(since: datetime) -> tuple[BuildRow, ...]:
    """Failed builds since then whose package did not come again in the same distribution."""
    newer = Source.objects.filter(
        name=OuterRef("source__name"),
        distribution=OuterRef("source__distribution"),
        pk__gt=OuterRef("source_id"),
    )
    rows = jobs().filter(
        ~Exists(newer),
        state=JobState.FAILED,
        source__state=SourceState.FAILED,
        created_at__gte=since,
    )
    return tuple(build_row(job) for job in rows.order_by("-pk")[:_SHOWN])


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
    return tuple(upload_row(row) for row in rows.order_by(F("pk").desc())[:_SHOWN])
