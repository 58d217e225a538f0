"""The calls that compare versions of suites, and that tell apt of one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from mini_buildd.api.given import PAGE_ROWS, Limit, Number, Word, address
from mini_buildd.api.repositories import find_known, found_suite
from mini_buildd.api.suite_changes import shown_differences
from mini_buildd.archive.history import moment
from mini_buildd.archive.plan import sources_text
from mini_buildd.db.queries.snapshots import find_number_at, find_number_in
from mini_buildd.db.queries.suites import SuiteRow
from mini_buildd.db.queries.version_line import VersionRow
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.problem import SuiteVersionUnknown
from mini_buildd.flow.change import find_distribution
from mini_buildd.flow.compare import At, Part, compare_part
from mini_buildd.flow.hosted import archive_url, tree
from mini_buildd.flow.news import news
from mini_buildd.wire.api.changes import DifferencePage, Point

router = Router(tags=["repositories"])

_NEWS_OF = 50


@router.get("{distribution}/diff", response=DifferencePage, summary="Compare two versions")
def compare_versions(
    request: HttpRequest,
    distribution: Word,
    old: Annotated[
        Number | None, Field(description="A version of the suite (default: the one before `new`).")
    ] = None,
    new: Annotated[
        Number | None, Field(description="A version of `other` (default: its newest one).")
    ] = None,
    other: Annotated[
        Word, Field(description="The suite that it is compared with (default: itself).")
    ] = "",
    *,
    changelogs: Annotated[
        bool, Field(description="With what the changelogs say; at most 50 items then.")
    ] = False,
    beyond: Annotated[Word, Field(description="Only names after this one.")] = "",
    limit: Limit = PAGE_ROWS,
) -> DifferencePage:
    """In what two versions of a suite differ, or one of it and one of another suite."""
    suite = found_suite(distribution)
    that = found_suite(other) if other else suite
    after = new if new is not None else that.decided or 0
    before = (
        old if old is not None else max(0, (after - 1 if that is suite else suite.decided) or 0)
    )
    for row, number in ((suite, before), (that, after)):
        if number:
            find_known(row.name, number)
    part = compare_part(
        At(find_distribution(suite.name), before),
        At(find_distribution(that.name), after),
        beyond=beyond,
        count=min(limit, _NEWS_OF) if changelogs else limit,
    )
    following = address(request, beyond=part.next) if part.next is not None else None
    words = _news(that, part) if changelogs else {}
    return DifferencePage(
        old=Point(suite.name, before),
        new=Point(that.name, after),
        names=part.names,
        items=tuple(
            replace(each, news=words.get(each.source, ""))
            for each in shown_differences(part.differences)
        ),
        next=following,
    )


def _news(suite: SuiteRow, part: Part) -> Mapping[str, str]:
    return news(tree(suite.repository), suite.repository, part.differences)


@router.get("{distribution}/sources", summary="Ask how apt finds a suite")
def read_sources(
    request: HttpRequest,
    distribution: Word,
    at: Annotated[
        Word,
        Field(description="As in the snapshot of that name, or published at 20261124T101500Z."),
    ] = "",
) -> HttpResponse:
    """A file for /etc/apt/sources.list.d (sources.list(5)), with the key in it."""
    del request
    suite = found_suite(distribution)
    row = _version_at(suite, at)
    key = tree(suite.repository).root / "archive-key.asc"
    if row is None or not key.is_file():
        raise SuiteVersionUnknown(
            expected=f"a version of {suite.name} that apt can be led to",
            found=f"“{at}”" if at else "that nothing is published yet",
            hint=f"GET /api/v1/suites/{suite.name}/versions/ lists them.",
        )
    url = archive_url(suite.repository) + (f"/snapshots/{at}" if at else "")
    text = sources_text(
        url=url,
        distribution=DistributionName.parse(suite.name),
        components=[area for area in row.areas if "/" not in area] or ["main"],
        key=key.read_text(encoding="ascii"),
    )
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _version_at(suite: SuiteRow, at: str) -> VersionRow | None:
    number = suite.shown
    if at:
        try:
            found = moment(at)  # written otherwise it would be no folder of the archive
        except ValueError:
            number = find_number_in(suite.name, at)
        else:
            number = find_number_at(suite.name, found)
    return find_known(suite.name, number) if number is not None else None
