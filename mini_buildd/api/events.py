"""The calls on events: a list that can wait, and the stream."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router
from pydantic import Field

from mini_buildd.api.door import actor_of
from mini_buildd.api.event_query import Wanted
from mini_buildd.api.event_stream import MEDIA_TYPE, RETRY, message, position, shown
from mini_buildd.api.given import NONE_YET, PAGE_ROWS, KnownNumber, Limit, Number, Seconds, address
from mini_buildd.db.queries.events import list_events_after
from mini_buildd.db.queries.queue import last_event
from mini_buildd.flow.follow import Follow, hand_over
from mini_buildd.wire.api.events import EventPage

router = Router(tags=["events"])

_AT_ONCE = 500


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
    # Who waits for a number that there is not yet would keep the hub from all that comes before it.
    rows = list_events_after(min(after, newest), wish, count=limit)
    last = rows[-1].id if rows else newest
    if wait and not rows:
        hand_over(request, Follow(actor_of(request), wish, last, wait_seconds=wait))
    return EventPage(tuple(map(shown, rows)), last, address(request, after=last))


@router.get("stream", summary="Be told of events as they happen")
def stream_events(
    request: HttpRequest,
    wanted: Query[Wanted],
    after: Annotated[
        Number | None, Field(description="Begin after this one; else with the next that happens.")
    ] = None,
    last_event_id: Annotated[
        KnownNumber,
        Header(
            NONE_YET,
            alias="Last-Event-ID",
            description="The last one that came; counts before `after`.",
        ),
    ] = NONE_YET,
) -> HttpResponse:
    """Server-sent events: `id` is the number of an event, `data` the event as the list has it.

    The connection stays open. Come again with the last id when it ends: nothing is lost by that,
    and nothing comes twice. An id without data says only how far it has come.
    """
    newest = last_event()
    begin = after if last_event_id == NONE_YET else last_event_id
    # A number that there is not yet is of an instance which was set back since.
    begin = newest if begin is None else min(begin, newest)
    wish = wanted.wish()
    rows = list_events_after(begin, wish, count=_AT_ONCE)
    has_more = len(rows) == _AT_ONCE
    last = rows[-1].id if has_more else max(newest, rows[-1].id if rows else 0)
    hand_over(request, Follow(actor_of(request), wish, last, has_more=has_more))
    text = b"".join([RETRY, *map(message, rows), position(last)])
    return HttpResponse(
        text,
        content_type=f"{MEDIA_TYPE}; charset=utf-8",
        # The last is for nginx: whatever comes is passed on at once.
        headers={"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"},
    )
