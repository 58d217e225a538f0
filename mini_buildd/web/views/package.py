"""A source package, a version of it, a binary package, and two versions compared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mini_buildd.archive.contents import unpack_listing
from mini_buildd.db.queries.events import list_events
from mini_buildd.db.queries.package import (
    BinaryRow,
    Package,
    SourceVersion,
    Span,
    SuitePlace,
    binaries_of,
    find_listing,
    find_package,
    find_source_versions,
    spans_of,
    times_of,
)
from mini_buildd.db.queries.packages import binary_sources
from mini_buildd.domain.event_filter import EventFilter
from mini_buildd.flow.package import (
    BUILD_RELATIONS,
    RELATIONS,
    known_packages,
    needed_by,
    read_paragraph,
    relations,
    summaries,
)
from mini_buildd.flow.package_texts import (
    changelog,
    compare_versions,
    copyright_of,
    published_changelog,
)
from mini_buildd.web.apt_lines import AptLines, use_it
from mini_buildd.web.package_plots import build_times, suites_over_time
from mini_buildd.web.views.query_string import before, words

_EVENTS = 8
_MOST_PATHS = 2000
_NEWS = 2500
# What the page of a binary package tells elsewhere, or that nobody asks for.
_TOLD = {
    *(name.lower() for name in RELATIONS),
    *("package", "source", "version", "architecture", "filename", "size", "md5sum", "sha1"),
    *("sha256", "description", "description-md5"),
}


@dataclass(frozen=True, slots=True)
class ShownBinary:
    """A binary package by its name: what it is, and one row for each architecture."""

    package: str
    summary: str
    is_debug: bool
    rows: tuple[BinaryRow, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """The lines to copy for a suite that has it."""

    place: SuitePlace
    lines: AptLines
    source: str


@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    """A source package across all suites; for the name of a binary package, where it comes from."""
    found = find_package(name, before(request))
    if found is None:
        return _of_binary(request, name)
    newest = _newest_source(found)
    current = sorted({span.source_id for place in found.places for span in place.versions})
    built = binaries_of(current or ([newest] if newest else []))
    binaries = _binaries(built.get(newest, ()))
    told = summaries([newest])
    context = {
        "package": found,
        "summary": told.get(newest, ""),
        "binaries": [each for each in binaries if not each.is_debug],
        "uses": [_use(found.name, place, binaries) for place in found.places],
        "needed_by": needed_by(name, [row for rows in built.values() for row in rows]),
        "over_time": suites_over_time(found.spans, now()),
        "times": build_times(times_of(name)),
        "events": list_events(EventFilter(package=name), count=_EVENTS).rows,
        "page": found,
        "newest_version": _version_of(found, newest),
        "news": _news(found, newest),
    }
    return render(request, "mini_buildd/package.html", context)


def _newest_source(found: Package) -> int:
    """The source that came last into a suite; else the one that was accepted last."""
    held = [span.source_id for place in found.places for span in place.versions]
    return max(held, default=found.versions[0].id if found.versions else 0)


def _version_of(found: Package, source: int) -> str:
    told = [(row.id, row.version) for row in found.versions]
    told += [(span.source_id, span.version) for span in found.spans]
    return dict(told).get(source, "")


def _news(found: Package, newest: int) -> tuple[str, str] | None:
    """A version and the beginning of its changelog, in whole lines."""
    row = next((each for each in found.versions if each.id == newest), None)
    text = published_changelog(found.name, row) if row is not None else None
    if row is None or text is None:
        return None
    begin = text.text[:_NEWS]
    whole = begin == text.text and not text.is_cut
    return row.version, begin if whole else begin.rpartition("\n")[0] + "\n…"


def _of_binary(request: HttpRequest, name: str) -> HttpResponse:
    sources = binary_sources(name)
    if not sources:
        raise Http404(_("There is no package “%(name)s” here.") % {"name": name[:150]})
    if len(sources) == 1:
        return HttpResponseRedirect(reverse("package", args=[sources[0]]))
    return render(request, "mini_buildd/package_of.html", {"name": name, "sources": sources})


def _binaries(rows: Iterable[BinaryRow]) -> list[ShownBinary]:
    found: dict[str, list[BinaryRow]] = {}
    for row in rows:
        found.setdefault(row.package, []).append(row)
    return [
        ShownBinary(package, _summary(each[0]), each[0].is_debug, tuple(each))
        for package, each in found.items()
    ]


def _summary(row: BinaryRow) -> str:
    fields = read_paragraph(row.paragraph)
    return ((fields.get("Description") if fields is not None else "") or "").partition("\n")[0]


def _use(name: str, place: SuitePlace, binaries: Sequence[ShownBinary]) -> Use:
    package = next((each.package for each in binaries if not each.is_debug), name)
    lines = use_it(place.repository, place.distribution, package, is_private=place.is_private)
    return Use(place, lines, f"apt source {name}/{place.distribution}")


# --- one version --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stay:
    """A suite that has or had the version, what it took the place of there, and what took its."""

    span: Span
    replaced: str
    replaced_by: str


def versions_or_404(name: str, version: str) -> tuple[SourceVersion, ...]:
    """That version of the source package, at least once; raises Http404."""
    found = find_source_versions(name, version)
    if not found:
        what = f"{name} {version}"[:150]
        raise Http404(_("There is no version “%(what)s” here.") % {"what": what})
    return found


@require_safe
def version(request: HttpRequest, name: str, version: str) -> HttpResponse:
    """A version of a source package: its files, what was built of it, where it is."""
    found = versions_or_404(name, version)
    one = _chosen(request, found)
    spans = spans_of(name)
    needs = relations(one.paragraph, BUILD_RELATIONS)
    others = tuple(dict.fromkeys(span.version for span in spans if span.version != version))
    context = {
        "name": name,
        "one": one,
        "others": [each for each in found if each is not one],
        "row": one.row,
        "stays": [_stay(span, spans) for span in spans if span.source_id == one.row.id],
        "binaries": _binaries(one.binaries),
        "needs": needs,
        "known": known_packages(needs),
        "fields": _fields(one.paragraph),
        "versions": others,
    }
    return render(request, "mini_buildd/package_version.html", context)


def _chosen(request: HttpRequest, found: tuple[SourceVersion, ...]) -> SourceVersion:
    """The one of the suite that ?in names; the one that came last if it names none."""
    wanted = words(request, "in")
    return next((each for each in found if each.row.distribution == wanted), found[0])


def _stay(span: Span, spans: Iterable[Span]) -> Stay:
    here = [each for each in spans if each.distribution == span.distribution]
    before_ = (each.version for each in here if each.removed_in == span.added_in)
    after = (each.version for each in here if each.added_in == span.removed_in)
    return Stay(span, next(before_, ""), next(after, ""))


_DSC = ("Maintainer", "Uploaders", "Homepage", "Vcs-Browser", "Vcs-Git", "Standards-Version")
_DSC_MORE = ("Section", "Priority", "Format", "Binary", "Architecture", "Testsuite")


def _fields(paragraph: str) -> list[tuple[str, str]]:
    """What the .dsc says of itself."""
    read = read_paragraph(paragraph)
    if read is None:
        return []
    return [(name, value) for name in (*_DSC, *_DSC_MORE) if (value := read.get(name))]


@require_safe
def read_changelog(request: HttpRequest, name: str, version: str) -> HttpResponse:
    """The changelog of a version."""
    one = _chosen(request, versions_or_404(name, version))
    context = {"name": name, "row": one.row, "one": one, "text": changelog(one)}
    return render(request, "mini_buildd/package_changelog.html", context)


@require_safe
def read_copyright(request: HttpRequest, name: str, version: str) -> HttpResponse:
    """The copyright of a version."""
    one = _chosen(request, versions_or_404(name, version))
    context = {"name": name, "row": one.row, "one": one, "text": copyright_of(one)}
    return render(request, "mini_buildd/package_copyright.html", context)


@require_safe
def binary(
    request: HttpRequest, name: str, version: str, package: str, architecture: str
) -> HttpResponse:
    """A binary package: what it is, what it needs, its files."""
    found = versions_or_404(name, version)
    one = _chosen(request, found)
    row = next(
        (
            each
            for each in one.binaries
            if (each.package, each.architecture) == (package, architecture)
        ),
        None,
    )
    if row is None:
        what = f"{package} {architecture}"[:150]
        raise Http404(_("There is no “%(what)s” of that version.") % {"what": what})
    needs = relations(row.paragraph)
    read = read_paragraph(row.paragraph)
    paths = [path.decode("utf-8", "replace") for path in unpack_listing(find_listing(row.id))]
    description = (read.get("Description") if read is not None else "") or ""
    context = {
        "name": name,
        "one": one,
        "row": one.row,
        "binary": row,
        "summary": description.partition("\n")[0],
        "description": _prose(description),
        "needs": needs,
        "known": known_packages(needs),
        "paths": paths[:_MOST_PATHS],
        "paths_count": len(paths),
        "more": [
            (read.written[key], value) for key, value in read.fields.items() if key not in _TOLD
        ]
        if read is not None
        else [],
    }
    return render(request, "mini_buildd/package_binary.html", context)


def _prose(description: str) -> str:
    """The long part of a Description; a lone dot is an empty line (Debian Policy 5.6.13)."""
    lines = description.split("\n")[1:]
    return "\n".join("" if line.strip() == "." else line for line in lines).strip("\n")


@require_safe
def compare(request: HttpRequest, name: str) -> HttpResponse:
    """Two versions of a source package."""
    versions = tuple(dict.fromkeys(span.version for span in spans_of(name)))
    if not versions:
        raise Http404(_("There is no package “%(name)s” here.") % {"name": name[:150]})
    new = words(request, "to") or versions[0]
    old = words(request, "from") or next((each for each in versions if each != new), new)
    context = {
        "name": name,
        "versions": versions,
        "old": old,
        "new": new,
        "found": compare_versions(versions_or_404(name, old)[0], versions_or_404(name, new)[0]),
    }
    return render(request, "mini_buildd/package_compare.html", context)
