"""The call on what waits."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from mini_buildd.api.builds import shown
from mini_buildd.api.given import PAGE_ROWS, Limit, Number, address
from mini_buildd.db.queries.builds import rows_of
from mini_buildd.flow.hosted import outlook
from mini_buildd.wire.api.builds import Queued, QueuePage

router = Router(tags=["builds"])


@router.get("", response=QueuePage, summary="List what waits")
def list_queue(
    request: HttpRequest,
    after: Annotated[Number, Field(description="Only places after this one.")] = 0,
    limit: Limit = PAGE_ROWS,
) -> QueuePage:
    """The builds that wait, in the order in which they will be built, and why each waits."""
    ahead = outlook()
    rows = rows_of(ahead.order[after : after + limit])
    items = tuple(
        Queued(place, ahead.why(row.id) or row.reason, shown(row))
        for place, row in enumerate(rows, start=after + 1)
    )
    end = after + limit
    following = address(request, after=end) if end < len(ahead.order) else None
    return QueuePage(items, len(ahead.order), following)
