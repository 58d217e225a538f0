"""A suite: what it has, its versions, what each of them changed, and any two of them compared."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from mini_buildd.archive.history import MOMENT
from mini_buildd.archive.plan import sources_text
from mini_buildd.db.queries.snapshots import find_number_at, find_number_in
from mini_buildd.db.queries.suite_packages import list_packages
from mini_buildd.db.queries.suites import SuiteRow, find_suite
from mini_buildd.db.queries.version_line import (
    Presence,
    VersionRow,
    find_version,
    has_version,
    list_versions,
    snapshots_with,
)
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.suite_version import Difference, Kind
from mini_buildd.flow.change import find_distribution
from mini_buildd.flow.compare import At, Part, compare_part
from mini_buildd.flow.growth import growth as sizes
from mini_buildd.flow.hosted import archive_url, tree
from mini_buildd.flow.news import news
from mini_buildd.web.administrators import may_in
from mini_buildd.web.apt_lines import use_it, use_version
from mini_buildd.web.plots.growth import growth
from mini_buildd.web.suite_plots import MOST_SIZES, size_over_time
from mini_buildd.web.viewer import look_as_given
from mini_buildd.web.views.query_string import before, number, words

_PLOTTED, _SHOWN = 60, 10
_NEWS_OF = 50


def suite_or_404(name: str) -> SuiteRow:
    """The suite called *name*; raises Http404."""
    suite = find_suite(name)
    if suite is None:
        raise Http404(gettext("There is no distribution “%(name)s”.") % {"name": name})
    return suite


def _version_or_404(suite: SuiteRow, number_: int) -> VersionRow:
    version = find_version(suite.name, number_)
    if version is None:
        raise Http404(
            gettext("%(name)s has no version %(number)s.") % {"name": suite.name, "number": number_}
        )
    return version


@require_safe
def show(request: HttpRequest, distribution: str) -> HttpResponse:
    """A suite as it is now."""
    suite = suite_or_404(distribution)
    query = words(request, "q")
    part = list_packages(suite, query=query, beyond=words(request, "after"))
    versions = list_versions(distribution, count=_PLOTTED, told=_SHOWN)
    context = {
        "suite": suite,
        "part": part,
        "query": query,
        "keep": urlencode({"q": query}) if query else "",
        "versions": versions.rows[:_SHOWN],
        "has_more_versions": len(versions.rows) > _SHOWN,
        "plot": growth(versions.rows, suite.sources, now()),
        "size": size_over_time(suite.name, sizes(suite.id, MOST_SIZES)),
        "rules": suite.rules,
        "lines": use_it(suite.repository, suite.name, is_private=suite.is_private),
        "may": may_in(request, suite.repository),
    }
    return render(request, "mini_buildd/suite.html", context)


@require_safe
def versions(request: HttpRequest, distribution: str) -> HttpResponse:
    """All versions of a suite, newest first."""
    suite = suite_or_404(distribution)
    page = list_versions(distribution, before(request))
    return render(request, "mini_buildd/suite_versions.html", {"suite": suite, "page": page})


@require_safe
def version(request: HttpRequest, distribution: str, number: int) -> HttpResponse:
    """One version of a suite: what it changed, and how to use just that."""
    suite = suite_or_404(distribution)
    row = _version_or_404(suite, number)
    at = At(find_distribution(distribution), number)
    part = compare_part(At(at.distribution, number - 1), at, beyond=words(request, "after"))
    can_be_had = row.presence in (Presence.SHOWN, Presence.KEPT)
    context = {
        "suite": suite,
        "row": row,
        "part": part,
        "groups": list(_grouped(part.differences, _news(suite, part))),
        "snapshots": snapshots_with(distribution, number),
        "lines": use_version(suite.name, moment(row), is_private=suite.is_private)
        if can_be_had
        else None,
        "can_go_back": row.presence is Presence.KEPT
        and may_in(request, suite.repository)["roll_back"],
    }
    return render(request, "mini_buildd/suite_version.html", context)


def moment(row: VersionRow) -> str:
    """The snapshot that shows just this version: when it was published."""
    if row.published_at is None:
        raise ValueError(row)
    return f"{row.published_at.astimezone(UTC):{MOMENT}}"


@require_safe
def packages(request: HttpRequest, distribution: str, number: int) -> HttpResponse:
    """What a version of a suite had."""
    suite = suite_or_404(distribution)
    row = _version_or_404(suite, number)
    query = words(request, "q")
    part = list_packages(suite, number, query=query, beyond=words(request, "after"))
    keep = urlencode({"q": query}) if query else ""
    context = {"suite": suite, "row": row, "part": part, "query": query, "keep": keep}
    return render(request, "mini_buildd/suite_packages.html", context)


# --- two versions ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """The differences of one kind, each with what is new in it."""

    kind: Kind
    differences: tuple[tuple[Difference, str], ...]


@require_safe
def compare(request: HttpRequest, distribution: str) -> HttpResponse:
    """Two versions of a suite, or one of it and one of another suite."""
    suite = suite_or_404(distribution)
    name = words(request, "with") or distribution
    other = suite if name == distribution else _sibling_or_404(suite, name)
    old = number(request, "from")
    new = number(request, "to")
    old = _default(old, suite, 1 if other is suite else 0)
    new = _default(new, other, 0)
    context = {"suite": suite, "other": other, "old": old, "new": new}
    if old and new:
        for each, wanted in ((suite, old), (other, new)):
            if not has_version(each.name, wanted):
                raise Http404(
                    gettext("%(name)s has no version %(wanted)s.")
                    % {"name": each.name, "wanted": wanted}
                )
        part = compare_part(
            At(find_distribution(suite.name), old),
            At(find_distribution(other.name), new),
            beyond=words(request, "after"),
        )
        context["keep"] = urlencode({"from": old, "with": other.name, "to": new})
        context |= {"part": part, "groups": list(_grouped(part.differences, _news(suite, part)))}
    return render(request, "mini_buildd/suite_compare.html", context)


def _sibling_or_404(suite: SuiteRow, name: str) -> SuiteRow:
    if name not in suite.siblings:
        raise Http404(
            gettext("%(repository)s has no distribution “%(name)s” to compare with.")
            % {"repository": suite.repository, "name": name}
        )
    return suite_or_404(name)


def _default(given: int | None, suite: SuiteRow, back: int) -> int:
    """The version that is meant when none is given: the newest, or so many before; 0 for none."""
    return given if given is not None else max((suite.decided or 0) - back, 0)


def _grouped(found: Iterable[Difference], told: Mapping[str, str]) -> Iterator[Group]:
    all_ = list(found)
    for kind in Kind:
        ours = tuple((each, told.get(each.source, "")) for each in all_ if each.kind is kind)
        if ours:
            yield Group(kind, ours)


def _news(suite: SuiteRow, part: Part) -> Mapping[str, str]:
    return news(tree(suite.repository), suite.repository, part.differences[:_NEWS_OF])


# --- for apt --------------------------------------------------------------------


@require_safe
def pinned(request: HttpRequest, distribution: str, at: str) -> HttpResponse:
    """A deb822 snippet for the suite as it was *at* a moment or in a snapshot of that name.

    Who has no browser comes with a token, as apt does.
    """
    look_as_given(request)
    suite = suite_or_404(distribution)
    number_ = _number_at(suite, at)
    row = find_version(suite.name, number_) if number_ is not None else None
    key = tree(suite.repository).root / "archive-key.asc"
    if row is None or not key.is_file():
        raise Http404(
            gettext("%(name)s has no version at “%(at)s” that is kept.")
            % {"name": suite.name, "at": at}
        )
    text = sources_text(
        url=f"{archive_url(suite.repository)}/snapshots/{at}",
        distribution=DistributionName.parse(suite.name),
        components=[area for area in row.areas if "/" not in area] or ["main"],
        key=key.read_text(encoding="ascii"),
    )
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _number_at(suite: SuiteRow, at: str) -> int | None:
    try:
        moment_ = datetime.strptime(at, MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return find_number_in(suite.name, at)
    return find_number_at(suite.name, moment_)
