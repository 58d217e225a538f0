"""The call on events, which can wait for them."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from mini_buildd.api.event_query import Wanted
from mini_buildd.api.given import PAGE_ROWS, Limit, Number, Seconds, address
from mini_buildd.db.queries.events import list_events_after
from mini_buildd.db.queries.queue import last_event
from mini_buildd.domain.event_filter import EventFilter
from mini_buildd.domain.event_row import EventRow
from mini_buildd.flow.hosted import pause
from mini_buildd.wire.api.events import Event, EventPage

router = Router(tags=["events"])

_LOOK_SECONDS = 0.3
# Who waits has a thread for so long, and pages need some as well; who is one too many is answered
# at once, and asks again.
_MOST_WAITING = 6
_waiting = threading.BoundedSemaphore(_MOST_WAITING)


@router.get("", response=EventPage, summary="List events, or wait for them")
def list_of_events(
    request: HttpRequest,
    wanted: Query[Wanted],
    after: Annotated[Number, Field(description="Only events after the one of this number.")] = 0,
    limit: Limit = PAGE_ROWS,
    wait: Annotated[Seconds, Field(description="Wait so many seconds for one to come.")] = 0,
) -> EventPage:
    """Events after a number, the oldest first; `next` of the answer asks for those that follow.

    With *wait* the answer comes as soon as there is one, and without events when the time is over.
    """
    newest = last_event()  # asked first: what comes while we look is for the next time
    wish = wanted.wish()
    rows = _look(after, wish, limit)
    last = rows[-1].id if rows else max(after, newest)
    if not rows and wait:
        rows = _wait(last, wish, limit, wait)
        last = rows[-1].id if rows else last
    return EventPage(tuple(map(shown, rows)), last, address(request, after=last))


def _look(after: int, wish: EventFilter, limit: int) -> Sequence[EventRow]:
    return list_events_after(after, wish, count=limit)


def _wait(after: int, wish: EventFilter, limit: int, seconds: float) -> Sequence[EventRow]:
    end = time.monotonic() + seconds
    with _seat() as has_seat:
        while has_seat and time.monotonic() < end and not pause(_LOOK_SECONDS):
            if last_event() > after and (rows := _look(after, wish, limit)):
                return rows
    return ()


@contextmanager
def _seat() -> Iterator[bool]:
    """Whether there is room for one more who waits."""
    has_seat = _waiting.acquire(blocking=False)
    try:
        yield has_seat
    finally:
        if has_seat:
            _waiting.release()


def shown(row: EventRow) -> Event:
    """*row* as the API tells of it."""
    return Event(
        id=row.id,
        kind=row.kind,
        at=row.at,
        detail=row.detail,
        upload_id=row.upload_id,
        build_id=row.job_id,
        source=row.source,
        package=row.package,
        architecture=row.architecture,
        distribution=row.distribution,
        repository=row.repository,
        person=row.person,
        version=row.version,
        snapshot=row.snapshot,
    )
