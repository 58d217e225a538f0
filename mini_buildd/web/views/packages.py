"""The list of packages, and the search over all there is."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.choices import repository_names
from mini_buildd.db.queries.packages import Order, SourceRow, Wanted, list_sources
from mini_buildd.flow.package import maintained_by, summaries
from mini_buildd.flow.search import Found, search
from mini_buildd.web.views.query_string import words


@dataclass(frozen=True, slots=True)
class ShownSource:
    """A source package with what it is, in a few words."""

    row: SourceRow
    summary: str


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Source packages across all suites."""
    given = {
        name: value
        for name in ("sort", "repository", "suite", "maintainer")
        if (value := words(request, name))
    }
    order = _order(given.get("sort", ""))
    names = maintained_by(given["maintainer"]) if "maintainer" in given else None
    wanted = Wanted(given.get("repository", ""), given.get("suite", ""), names)
    part = list_sources(wanted, now(), order, words(request, "after"))
    context = {
        "part": part,
        "rows": shown(part.rows),
        "order": order,
        "orders": tuple(Order),
        "given": given,
        "keep": urlencode(given),
        "repositories": repository_names(),
    }
    return render(request, "mini_buildd/packages.html", context)


def _order(text: str) -> Order:
    return Order(text) if text in set(Order) else Order.NAME


def shown(rows: tuple[SourceRow, ...]) -> list[ShownSource]:
    """*rows* with their summaries."""
    told = summaries(place.source_id for row in rows for place in row.places)
    return [
        ShownSource(
            row,
            next((told[each.source_id] for each in row.places if each.source_id in told), ""),
        )
        for row in rows
    ]


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """What fits ?q; where there is no doubt what was meant, that page, but with ?all what fits."""
    found = search(words(request, "q"), now())
    if found.meant is not None and not words(request, "all"):
        return HttpResponseRedirect(_address(found))
    context = {"found": found, "sources": shown(found.sources)}
    return render(request, "mini_buildd/search.html", context)


def _address(found: Found) -> str:
    meant = found.meant
    if meant is None:
        raise ValueError(found)
    if meant.suite:
        return reverse("suite", args=[meant.suite])
    if meant.version:
        return reverse("package-version", args=[meant.source, meant.version])
    return reverse("package", args=[meant.source])
