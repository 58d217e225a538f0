"""The list of events."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.events import list_events
from mini_buildd.web.views.query_string import before


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Events, newest first."""
    return render(request, "mini_buildd/events.html", {"page": list_events(before=before(request))})
