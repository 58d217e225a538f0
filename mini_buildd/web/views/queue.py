"""The queue: all that waits, in the order in which it will be built, and why it waits."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.builds import rows_of
from mini_buildd.db.queries.page import PAGE_ROWS
from mini_buildd.flow.hosted import outlook
from mini_buildd.web.views.query_string import number


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """A page of it; ?after=N begins behind the first N."""
    found = outlook()
    after = number(request, "after") or 0
    ids = found.order[after : after + PAGE_ROWS]
    rows = [
        (place, row, found.why(row.id) or row.reason)
        for place, row in enumerate(rows_of(ids), start=after + 1)
    ]
    later = after + PAGE_ROWS
    context = {
        "rows": rows,
        "count": len(found.order),
        "waiting_count": found.waiting_count,
        "earlier": max(0, after - PAGE_ROWS) if after else None,
        "later": later if later < len(found.order) else None,
    }
    return render(request, "mini_buildd/queue.html", context)
