"""The list of events, one event, and the same as a feed."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.choices import distribution_names, repository_names
from mini_buildd.db.queries.events import find_event, list_events
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.event_filter import EventFilter
from mini_buildd.web.event_words import FAMILIES, kinds
from mini_buildd.web.filters import Filters, days, filters, select, text
from mini_buildd.web.views.query_string import before, day, day_after, number, words

_FILTERS = ("kind", "source", "distribution", "repository", "person", "upload", "build")


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Events that fit what is asked for, newest first; the first page is kept up to date."""
    start, end = before(request), number(request, "after")
    wish = wanted(request)
    page = list_events(wish, before=start, after=end)
    asked = {
        name: request.GET[name] for name in (*_FILTERS, "since", "until") if request.GET.get(name)
    }
    context = {
        "page": page,
        "filters": _filters(request),
        "is_newest": start is None and page.newer is None,
        "stream": _stream(asked, wish),
        "feed": urlencode(asked),
    }
    return render(request, "mini_buildd/events.html", context)


def _stream(asked: dict[str, str], wish: EventFilter) -> str:
    """The query of the API's stream for the same events."""
    of_list = {name: asked[name] for name in _FILTERS[1:] if name in asked}
    return urlencode({**of_list, "kind": sorted(wish.kinds)}, doseq=True)


@require_safe
def show(request: HttpRequest, event_id: int) -> HttpResponse:
    """One event, with those of the same upload around it."""
    row = find_event(event_id)
    if row is None:
        raise Http404(gettext("There is no event %(event_id)s.") % {"event_id": event_id})
    return render(request, "mini_buildd/event.html", {"row": row})


def wanted(request: HttpRequest) -> EventFilter:
    """What the query string asks for; raises Http404 for what cannot be meant."""
    word = words(request, "kind")
    found = kinds(word)
    if word and not found:
        raise Http404(
            gettext("“kind” must be one of: %(kinds)s.")
            % {"kinds": ", ".join([*FAMILIES, *EventKind])}
        )
    return EventFilter(
        kinds=found,
        package=words(request, "source"),
        distribution=words(request, "distribution"),
        repository=words(request, "repository"),
        person=words(request, "person"),
        upload_id=number(request, "upload"),
        job_id=number(request, "build"),
        since=day(request, "since"),
        until=day_after(request, "until"),
    )


def _filters(request: HttpRequest) -> Filters:
    families = [(word, _(name)) for word, name in FAMILIES.items()]
    of_kinds = [(kind.value, kind.value) for kind in EventKind]
    repositories = [(name, name) for name in repository_names()]
    suites = [(name, name) for name in distribution_names()]
    return filters(
        text(request, "source", _("Package")),
        select(request, "kind", _("What"), [*families, *of_kinds], _("anything")),
        select(request, "distribution", _("Distribution"), suites, _("all of them")),
        text(request, "person", _("Person")),
        select(request, "repository", _("Repository"), repositories, _("all of them")),
        *days(request),
    )
