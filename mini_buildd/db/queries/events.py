"""Events, newest first."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from mini_buildd.db.models import Event
from mini_buildd.db.queries.page import Page, page
from mini_buildd.db.visibility import visible_events
from mini_buildd.domain.event import EventKind


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event with what it concerns; ids are None and texts empty where it does not."""

    id: int
    kind: EventKind
    at: datetime
    detail: str
    upload_id: int | None
    job_id: int | None
    package: str
    architecture: str
    distribution: str
    repository: str
    version: int | None  # of the distribution
    snapshot: str


def list_events(before: int | None = None, count: int = 100) -> Page[EventRow]:
    """A page of events."""
    return page(_events(), _row, before, count)


def list_events_after(
    after: int, *, kind: EventKind | None = None, upload_id: int | None = None, count: int = 100
) -> tuple[EventRow, ...]:
    """The first events after the one of that number, the oldest first, that fit what is given."""
    rows = _events().filter(pk__gt=after)
    if kind is not None:
        rows = rows.filter(kind=kind)
    if upload_id is not None:
        rows = rows.filter(upload=upload_id)
    return tuple(map(_row, rows.order_by("pk")[:count]))


def _events() -> QuerySet[Event]:
    return visible_events(
        Event.objects.select_related(
            "upload", "source__distribution__repository", "job__source", "distribution__repository"
        )
    )


def _row(event: Event) -> EventRow:
    source = event.job.source if event.job is not None else event.source
    distribution = event.distribution or (event.source.distribution if event.source else None)
    upload_id = event.upload_id or (source.upload_id if source is not None else None)
    kind = EventKind(event.kind)
    detail, version = event.detail, None
    if kind is EventKind.SUITE_PUBLISHED and detail.isascii() and detail.isdecimal():
        version, detail = int(detail), ""
    repository = distribution.repository.name if distribution is not None else ""
    snapshot = ""
    if kind in (EventKind.SNAPSHOT_TAKEN, EventKind.SNAPSHOT_DROPPED):
        # As flow.snapshot tells it: "test before-the-upgrade by ada".
        repository, snapshot, detail = [*detail.split(" ", 2), "", ""][:3]
    return EventRow(
        id=event.pk,
        kind=kind,
        at=event.at,
        detail=detail,
        upload_id=upload_id,
        job_id=event.job_id,
        package=f"{source.name} {source.version}" if source is not None else _named(event),
        architecture=event.job.architecture if event.job is not None else "",
        distribution=distribution.name if distribution is not None else "",
        repository=repository,
        version=version,
        snapshot=snapshot,
    )


def _named(event: Event) -> str:
    upload = event.upload
    if upload is None:
        return ""
    return f"{upload.source_name} {upload.version}".strip() or upload.changes_name
