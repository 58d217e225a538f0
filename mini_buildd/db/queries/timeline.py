"""What happened to an upload and its builds, step by step, for its timeline."""

from dataclasses import dataclass
from datetime import datetime

from mini_buildd.db.models import Event, Publication, Source, Upload
from mini_buildd.db.visibility import visible_uploads
from mini_buildd.domain.event import EventKind

_MOST = 2000


@dataclass(frozen=True, slots=True)
class StepRow:
    """One thing that happened to a build."""

    kind: EventKind
    at: datetime
    job_id: int
    architecture: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """When an upload came how far; *decided_at* is when its suite's next version was decided."""

    received_at: datetime
    accepted_at: datetime | None
    decided_at: datetime | None
    published_at: datetime | None
    steps: tuple[StepRow, ...]


def timeline_of(upload_id: int) -> Timeline | None:
    """The timeline of an upload, of its first builds only: those again are another story."""
    upload = visible_uploads(Upload.objects.filter(pk=upload_id)).first()
    if upload is None:
        return None
    source = Source.objects.filter(upload=upload).first()
    if source is None:
        return Timeline(upload.received_at, None, None, None, ())
    events = Event.objects.filter(job__source=source, job__binnmu=0).order_by("pk")
    rows = events.values_list("kind", "at", "job_id", "job__architecture")[:_MOST]
    first = Publication.objects.filter(cause=source).order_by("pk").first()
    return Timeline(
        upload.received_at,
        source.accepted_at,
        first.decided_at if first is not None else None,
        first.published_at if first is not None else None,
        tuple(StepRow(EventKind(kind), at, job, name) for kind, at, job, name in rows),
    )
