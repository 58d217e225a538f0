"""Recording an event, inside the transaction that makes it true."""

from datetime import datetime

from mini_buildd.db.models import Distribution, Event, Job, OpenPGPKey, Source, Upload
from mini_buildd.domain.event import EventKind


def record(
    kind: EventKind,
    at: datetime,
    *,
    upload: Upload | None = None,
    source: Source | None = None,
    job: Job | None = None,
    distribution: Distribution | None = None,
    key: OpenPGPKey | None = None,
    detail: str = "",
) -> EventKind:
    """Write the event and return its kind, for the wake-up that follows the commit.

    What the given row belongs to is filled in: a job's source, a source's upload and distribution.
    """
    source = source or (job.source if job else None)
    upload = upload or (source.upload if source else None)
    distribution = distribution or (source.distribution if source else None)
    Event.objects.create(
        kind=kind,
        at=at,
        upload=upload,
        source=source,
        job=job,
        distribution=distribution,
        key=key,
        detail=detail,
    )
    return kind
