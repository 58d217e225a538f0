"""Recording an event, inside the transaction that makes it true.

Events are numbered in the order in which they become visible: who has seen number N has seen all up
to it, and asks for those after N only. SQLite has one writer at a time, and gives the number within
its transaction, so that holds by itself. PostgreSQL lets transactions end in another order than
their numbers were given; there, record() has to take a lock until the end of the transaction
(pg_advisory_xact_lock), before it makes the row.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from mini_buildd.db.models import (
    Distribution,
    Event,
    Job,
    OpenPGPKey,
    Repository,
    Source,
    Upload,
)
from mini_buildd.domain.event import EventKind

_listeners: list[Callable[[], None]] = []


def listen(told: Callable[[], None]) -> Callable[[], None]:
    """Call *told* after each commit with an event, in whatever thread; gives how to end that.

    It is only a wake-up, and must return at once; other processes record events too.
    """
    _listeners.append(told)
    return lambda: _listeners.remove(told)


def _tell() -> None:
    for told in tuple(_listeners):
        told()


def record(
    kind: EventKind,
    at: datetime,
    *,
    upload: Upload | None = None,
    source: Source | None = None,
    job: Job | None = None,
    distribution: Distribution | None = None,
    key: OpenPGPKey | None = None,
    repository: Repository | None = None,
    detail: str = "",
) -> EventKind:
    """Write the event and return its kind, for the wake-up that follows the commit.

    What the given row belongs to is filled in: a job's source, a source's upload and distribution,
    and the repository of that.
    """
    source = source or (job.source if job else None)
    upload = upload or (source.upload if source else None)
    distribution = distribution or (source.distribution if source else _aim(upload))
    Event.objects.create(
        kind=kind,
        at=at,
        upload=upload,
        source=source,
        job=job,
        distribution=distribution,
        key=key,
        detail=detail,
        package=source.name if source else upload.source_name if upload else "",
        repository=repository or (distribution.repository if distribution else None),
        person=_person(upload, key),
    )
    transaction.on_commit(_tell)
    return kind


def _aim(upload: Upload | None) -> Distribution | None:
    """Where *upload* is meant to go, if there is such a distribution."""
    if upload is None:
        return None
    named = Distribution.objects.filter(name=upload.distribution_name)
    return upload.distribution or named.first()


def _person(upload: Upload | None, key: OpenPGPKey | None) -> str:
    if upload is not None and upload.signer:
        return upload.signer
    key = key or (upload.signed_by if upload is not None else None)
    return key.user.get_username() if key is not None else ""
