"""The list of builds, narrowed down as the URL says, and how they ended and how long they took."""

from datetime import UTC, date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.builds import list_builds
from mini_buildd.db.queries.choices import architecture_names, builder_names, distribution_names
from mini_buildd.db.queries.durations import list_durations
from mini_buildd.db.queries.measures import list_days
from mini_buildd.db.queries.page import Order
from mini_buildd.domain.states import JobState
from mini_buildd.web.build_plots import by_day, by_version
from mini_buildd.web.filters import Filters, days, filters, order, select, text
from mini_buildd.web.plots.figure import Figure
from mini_buildd.web.views.query_string import before, choice, day, day_after, words

_PLOT_DAYS, _MOST_DAYS = 30, 92
# By these, days are not counted; nor are the plots of any use beside the second page of a list.
_NOT_COUNTED = ("person", "builder", "before", "state")


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Builds that fit what is asked for, newest first unless asked otherwise."""
    page = list_builds(
        before(request),
        state=choice(request, "state", JobState),
        source=words(request, "source"),
        distribution=words(request, "distribution"),
        architecture=words(request, "architecture"),
        builder=words(request, "builder"),
        person=words(request, "person"),
        since=day(request, "since"),
        until=day_after(request, "until"),
        order=choice(request, "order", Order) or Order.NEWEST,
    )
    context = {"page": page, "filters": _filters(request), "plots": _plots(request)}
    return render(request, "mini_buildd/builds.html", context)


def _filters(request: HttpRequest) -> Filters:
    suites = [(name, name) for name in distribution_names()]
    architectures = [(name, name) for name in architecture_names()]
    builders = [(name, name) for name in builder_names()]
    orders = [
        ("newest", _("Newest first")),
        ("oldest", _("Oldest first")),
        ("longest", _("Longest first")),
    ]
    return filters(
        text(request, "source", _("Source package"), _("name or beginning*")),
        select(request, "state", _("State"), _state_words(), _("any state")),
        select(request, "architecture", _("Architecture"), architectures, _("all of them")),
        select(request, "distribution", _("Distribution"), suites, _("all of them")),
        select(request, "builder", _("Builder"), builders, _("all of them")),
        text(request, "person", _("Signed by")),
        *days(request),
        order(request, orders),
    )


def _state_words() -> list[tuple[str, str]]:
    return [
        ("waiting", _("waiting")),
        ("dep_wait", _("in dep-wait")),
        ("running", _("building")),
        ("succeeded", _("built")),
        ("failed", _("failed")),
        ("lost", _("lost")),
        ("cancelled", _("cancelled")),
    ]


def _plots(request: HttpRequest) -> tuple[Figure, ...]:
    if any(request.GET.get(name) for name in _NOT_COUNTED):
        return ()
    source, suite = words(request, "source"), words(request, "distribution")
    architecture = words(request, "architecture")
    if source:
        rows = list_durations(source, distribution=suite, architecture=architecture)
        plot = by_version(rows, source)
        return (plot,) if plot is not None else ()
    first, last = _span(day(request, "since"), day(request, "until"))
    found = list_days(first, distribution=suite, architecture=architecture)
    shown = [row for row in found if row.day <= last]
    given = [("distribution", suite), ("architecture", architecture)]
    return by_day(shown, first, last, [(name, value) for name, value in given if value])


def _span(since: datetime | None, until: datetime | None) -> tuple[date, date]:
    """From which day to which: what was asked for, of that the last days, or a month."""
    last = (until or now().astimezone(UTC)).date()
    first = since.date() if since is not None else last - timedelta(days=_PLOT_DAYS - 1)
    return min(max(first, last - timedelta(days=_MOST_DAYS - 1)), last), last
