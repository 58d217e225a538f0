"""The queue: all that waits, in the order in which it will be built, and why it waits."""

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.builds import BuildRow, rows_of
from mini_buildd.db.queries.measures import list_samples
from mini_buildd.db.queries.page import PAGE_ROWS
from mini_buildd.db.queries.queue import waiting_by_architecture
from mini_buildd.domain.permission import Act, Actor, may
from mini_buildd.flow.hosted import outlook
from mini_buildd.web.administrators import actor_of, may_in
from mini_buildd.web.machine_plots import queue_length
from mini_buildd.web.views.query_string import number, words

_PLOTTED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A build that waits, and its place among all of them."""

    place: int
    build: BuildRow
    why: str
    can_cancel: bool


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """A page of it; ?after=N begins behind the first N, ?architecture= shows those of one."""
    found, at = outlook(), now()
    after = number(request, "after") or 0
    architecture = words(request, "architecture")
    by_architecture = waiting_by_architecture()
    ids = list(enumerate(found.order, start=1))
    if architecture:
        only = by_architecture.get(architecture, frozenset())
        ids = [(place, pk) for place, pk in ids if pk in only]
    shown = ids[after : after + PAGE_ROWS]
    places = {pk: place for place, pk in shown}
    actor = actor_of(request)
    rows = [
        QueueRow(places[row.id], row, found.why(row.id) or row.reason, _can_cancel(actor, row))
        for row in rows_of([pk for _, pk in shown])
    ]
    later = after + PAGE_ROWS
    counted = set(found.order)
    context = {
        "rows": rows,
        "count": len(found.order),
        "shown_count": len(ids),
        "waiting_count": found.waiting_count,
        "architecture": architecture,
        "architectures": [
            (name, len(jobs & counted))
            for name, jobs in sorted(by_architecture.items())
            if jobs & counted
        ],
        "plot": queue_length(list_samples(at - _PLOTTED, architecture), at - _PLOTTED, at),
        "earlier": max(0, after - PAGE_ROWS) if after else None,
        "later": later if later < len(ids) else None,
        "may": may_in(request),
    }
    return render(request, "mini_buildd/queue.html", context)


def _can_cancel(actor: Actor, row: BuildRow) -> bool:
    return may(actor, Act.CANCEL_BUILD, repository=row.repository, owner=row.account)
