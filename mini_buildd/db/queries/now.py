"""The home page: what needs somebody, what runs, what waits, what was last."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Exists, Manager, Model, OuterRef, Q, QuerySet, Value

from mini_buildd.db.models import Job, Source, Upload
from mini_buildd.db.queries.builds import BuildRow, build_row, jobs
from mini_buildd.db.queries.suites import Frozen, list_frozen
from mini_buildd.db.queries.uploads import UploadRow, upload_row, uploads
from mini_buildd.db.visibility import visible, visible_uploads
from mini_buildd.domain.states import JOB_OPEN, JOB_UNDER_WAY, JobState, SourceState, UploadState

_REPOSITORY = "source__distribution__repository__name"
_SHOWN = 8
_NEED_DAYS = 7
# The parts of the page that are found by what their rows are.
_FAILED, _REJECTED, _RUNNING, _CAME, _ENDED = "failed", "rejected", "running", "came", "ended"

Row = TypeVar("Row")
AnyModel = TypeVar("AnyModel", bound=Model)


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
    shown = _shown(at - timedelta(days=_NEED_DAYS))
    waiting = order[:_SHOWN]
    builds = _builds({*shown[_FAILED], *shown[_RUNNING], *shown[_ENDED], *waiting})
    found = _uploads({*shown[_REJECTED], *shown[_CAME]})
    return Now(
        failed=_those(builds, shown[_FAILED]),
        rejected=_those(found, shown[_REJECTED]),
        running=_those(builds, shown[_RUNNING][::-1]),
        waiting=_those(builds, waiting),
        uploads=_those(found, shown[_CAME]),
        builds=_those(builds, shown[_ENDED]),
        frozen=list_frozen(),
    )


def _those(rows: Mapping[int, Row], ids: Iterable[int]) -> tuple[Row, ...]:
    return tuple(rows[pk] for pk in ids if pk in rows)


def _builds(ids: Collection[int]) -> Mapping[int, BuildRow]:
    return {job.pk: build_row(job) for job in jobs().filter(pk__in=ids)}


def _uploads(ids: Collection[int]) -> Mapping[int, UploadRow]:
    return {row.pk: upload_row(row) for row in uploads().filter(pk__in=ids)}


def _shown(since: datetime) -> Mapping[str, list[int]]:
    """The numbers of what each part of the page shows, the newest first.

    All in one question: to put one takes longer than to answer it. The rows come in others, each
    once, however many parts show it.
    """
    came = visible_uploads(Upload.objects.all())
    jobs_ = visible(Job.objects.all(), _REPOSITORY)
    parts: Mapping[str, QuerySet[Any]] = {
        # Not by the states that they have: all that ever ended would be sorted for a few of them.
        _ENDED: _newest(Job.objects, jobs_.exclude(state__in=JOB_OPEN)),
        _FAILED: _newest(Job.objects, _failed(jobs_, since)),
        _RUNNING: jobs_.filter(state__in=JOB_UNDER_WAY).order_by(),
        _REJECTED: _newest(Upload.objects, _rejected(came, since)),
        _CAME: _newest(Upload.objects, came),
    }
    first, *others = (
        rows.annotate(part=Value(part)).values_list("pk", "part") for part, rows in parts.items()
    )
    found: dict[str, list[int]] = {part: [] for part in parts}
    for pk, part in first.union(*others, all=True):
        found[part].append(pk)
    return {part: sorted(ids, reverse=True) for part, ids in found.items()}


def _newest(of: Manager[AnyModel], rows: QuerySet[AnyModel]) -> QuerySet[AnyModel]:
    """The newest of *rows*; order and bound stand within, since parts of a union have neither."""
    return of.filter(pk__in=rows.order_by("-pk").values("pk")[:_SHOWN]).order_by()


def _failed(rows: QuerySet[Job], since: datetime) -> QuerySet[Job]:
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
    return rows.filter(
        ~Exists(newer),
        Q(source__state=SourceState.FAILED) | Q(binnmu__gt=0) & ~Exists(again),
        state=JobState.FAILED,
        created_at__gte=since,
    )


def _rejected(rows: QuerySet[Upload], since: datetime) -> QuerySet[Upload]:
    """Rejected uploads since then that were not tried again."""
    again = Upload.objects.filter(pk__gt=OuterRef("pk")).filter(
        Q(changes_name=OuterRef("changes_name"))
        | Q(
            ~Q(source_name=""),
            source_name=OuterRef("source_name"),
            distribution_name=OuterRef("distribution_name"),
        )
    )
    return rows.filter(~Exists(again), state=UploadState.REJECTED, received_at__gte=since)
