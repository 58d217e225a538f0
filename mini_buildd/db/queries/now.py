"""The home page: what needs somebody, what runs, what waits, what was last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from mini_buildd.db.models import Job, Source, Upload
from mini_buildd.db.queries.builds import BuildRow, build_row, jobs
from mini_buildd.db.queries.suites import Frozen, list_frozen
from mini_buildd.db.queries.uploads import UploadRow, upload_row, uploads
from mini_buildd.db.visibility import visible, visible_uploads
from mini_buildd.domain.states import JOB_OPEN, JOB_UNDER_WAY, JobState, SourceState, UploadState

_REPOSITORY = "source__distribution__repository__name"
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
    found = _jobs(since, order[:_SHOWN])
    under_way = [job for job in found if job.state in JOB_UNDER_WAY]
    ended = [job for job in found if job.state not in JOB_OPEN]
    by_id = {job.pk: job for job in found if job.state not in JOB_UNDER_WAY}
    came = _uploads(since)
    return Now(
        failed=_rows([job for job in ended if _is_failed(job, since)][:_SHOWN]),
        rejected=_upload_rows([row for row in came if _is_rejected(row, since)]),
        running=_rows(under_way[::-1]),
        waiting=_rows([by_id[pk] for pk in order[:_SHOWN] if pk in by_id]),
        uploads=_upload_rows(came),
        builds=_rows(ended[:_SHOWN]),
        frozen=list_frozen(),
    )


def _rows(found: Sequence[Job]) -> tuple[BuildRow, ...]:
    return tuple(build_row(job) for job in found)


def _upload_rows(found: Sequence[Upload]) -> tuple[UploadRow, ...]:
    return tuple(upload_row(row) for row in found[:_SHOWN])


def _jobs(since: datetime, waiting: Sequence[int]) -> list[Job]:
    """All that is shown of jobs, the newest first, in one question: each takes a while to put."""
    rows = visible(_marked(Job.objects.all()), _REPOSITORY).order_by("-pk")
    # Not by the states that they have: all that ever ended would be sorted for a few of them.
    ended = rows.exclude(state__in=JOB_OPEN).values("pk")[:_SHOWN]
    failed = rows.filter(
        Q(source__state=SourceState.FAILED) | Q(binnmu__gt=0, is_made_again=False),
        is_replaced=False,
        state=JobState.FAILED,
        created_at__gte=since,
    ).values("pk")[:_SHOWN]
    running = rows.filter(state__in=JOB_UNDER_WAY).values("pk")
    wanted = Q(pk__in=list(waiting)) | Q(pk__in=ended) | Q(pk__in=failed) | Q(pk__in=running)
    return list(_marked(jobs()).filter(wanted).order_by("-pk"))


def _marked(rows: QuerySet[Job]) -> QuerySet[Any]:
    """*rows* with whether their package came again, and whether they were built again."""
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
    return rows.annotate(is_replaced=Exists(newer), is_made_again=Exists(again))


def _is_failed(job: Any, since: datetime) -> bool:
    """Whether it failed since then, and its package did not come again in the same distribution.

    Of those that build a published package again, the latest counts. The same as in _jobs().
    """
    if job.state != JobState.FAILED or job.created_at < since or job.is_replaced:
        return False
    is_latest = job.binnmu > 0 and not job.is_made_again
    return job.source.state == SourceState.FAILED or is_latest


def _uploads(since: datetime) -> list[Upload]:
    """The latest ones, and the latest of those that were rejected since then; newest first."""
    again = Upload.objects.filter(pk__gt=OuterRef("pk")).filter(
        Q(changes_name=OuterRef("changes_name"))
        | Q(
            ~Q(source_name=""),
            source_name=OuterRef("source_name"),
            distribution_name=OuterRef("distribution_name"),
        )
    )
    rows: QuerySet[Any] = visible_uploads(Upload.objects.order_by("-pk"))
    rows = rows.annotate(is_tried_again=Exists(again))
    rejected = rows.filter(
        is_tried_again=False, state=UploadState.REJECTED, received_at__gte=since
    ).values("pk")[:_SHOWN]
    latest = rows.values("pk")[:_SHOWN]
    wanted = uploads().annotate(is_tried_again=Exists(again))
    return list(wanted.filter(Q(pk__in=latest) | Q(pk__in=rejected)).order_by("-pk"))


def _is_rejected(row: Any, since: datetime) -> bool:
    """Whether it was rejected since then and not tried again; the same as in _uploads()."""
    is_late = row.state == UploadState.REJECTED and row.received_at >= since
    return is_late and not row.is_tried_again
