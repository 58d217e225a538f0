"""The calls on source packages across all suites, and the search."""

from typing import Annotated
from urllib.parse import quote, urlencode

from django.http import HttpRequest
from django.utils.timezone import now
from ninja import Router
from pydantic import Field

from mini_buildd.api.builds import shown as build_shown
from mini_buildd.api.given import PAGE_ROWS, Before, Limit, Word, address
from mini_buildd.api.uploads import shown as upload_shown
from mini_buildd.db.queries.package import (
    BinaryRow,
    FileRow,
    SourceVersion,
    Span,
    SuitePlace,
    VersionRow,
    binaries_of,
    find_package,
    find_source_versions,
)
from mini_buildd.db.queries.packages import Order, SourceRow, Wanted, list_sources
from mini_buildd.domain.problem import PackageUnknown
from mini_buildd.flow.hosted import archive_url
from mini_buildd.flow.package import NeededBy, maintained_by, needed_by, summaries
from mini_buildd.flow.package_texts import Text, changelog, copyright_of
from mini_buildd.flow.search import Found, search
from mini_buildd.wire.api.packages import (
    BinaryPackage,
    FoundBinary,
    FoundDescription,
    FoundFile,
    FoundPerson,
    PackageDetail,
    PackageFile,
    PackageNeeds,
    PackagePlace,
    PackageText,
    PackageVersion,
    PackageVersionDetail,
    PackageVersionList,
    SearchResult,
    SourcePackage,
    SourcePackagePage,
)

packages = Router(tags=["packages"])
searching = Router(tags=["packages"])

Query = Annotated[Word, Field(min_length=1, description="What is looked for.")]


@packages.get("", response=SourcePackagePage, summary="List source packages")
def list_of_packages(
    request: HttpRequest,
    sort: Annotated[
        Order,
        Field(description="By name, the newest first, or those whose builds failed most lately."),
    ] = Order.NAME,
    repository: Word = "",
    distribution: Word = "",
    maintainer: Annotated[Word, Field(description="As in the package, with the address.")] = "",
    beyond: Annotated[Word, Field(description="`next` of a page has it.")] = "",
    limit: Limit = PAGE_ROWS,
) -> SourcePackagePage:
    """The source packages that suites have; sorted by failures, those whose builds failed."""
    names = maintained_by(maintainer) if maintainer else None
    part = list_sources(Wanted(repository, distribution, names), now(), sort, beyond, limit)
    following = address(request, beyond=part.next) if part.next is not None else None
    return SourcePackagePage(_sources(part.rows), following)


@packages.get("{source}", response=PackageDetail, summary="Show a source package")
def show_package(request: HttpRequest, source: Word, before: Before | None = None) -> PackageDetail:
    """Where a source package is, its newest versions with their builds, and what needs it."""
    found = find_package(source, before)
    if found is None:
        raise _unknown(source)
    newest = [span.source_id for place in found.places for span in place.versions]
    binaries = [each for rows in binaries_of(newest).values() for each in rows]
    following = address(request, before=found.older) if found.older is not None else None
    return PackageDetail(
        name=found.name,
        page=_page(found.name),
        summary=_summary(newest),
        places=tuple(_place(place, span) for place in found.places for span in place.versions),
        uploaders=found.uploaders,
        binaries=tuple(sorted({each.package for each in binaries if not each.is_debug})),
        needed_by=tuple(map(_needs, needed_by(found.name, binaries))),
        versions=tuple(_version(found.name, row) for row in found.versions),
        next=following,
    )


@packages.get("{source}/{version}", response=PackageVersionList, summary="Show a version of it")
def show_package_version(request: HttpRequest, source: Word, version: Word) -> PackageVersionList:
    """All of a version: its files, its binary packages, its builds."""
    del request
    found = _versions(source, version)
    return PackageVersionList(source, version, tuple(map(_detail, found)))


@packages.get("{source}/{version}/changelog", response=PackageText, summary="Read its changelog")
def read_changelog(request: HttpRequest, source: Word, version: Word) -> PackageText:
    """The changelog of a version, the newest entries of it."""
    del request
    return _text(changelog(_versions(source, version)[0]))


@packages.get("{source}/{version}/copyright", response=PackageText, summary="Read its copyright")
def read_copyright_file(request: HttpRequest, source: Word, version: Word) -> PackageText:
    """What one of its binary packages says of its copyright; empty where none is kept that does."""
    del request
    return _text(copyright_of(_versions(source, version)[0]) or Text("", is_cut=False))


@searching.get("", response=SearchResult, summary="Search")
def search_everything(request: HttpRequest, query: Query, limit: Limit = 20) -> SearchResult:
    """Packages, versions, files, people, suites, builds and uploads that fit *query*."""
    del request
    return _result(search(query, now(), limit))


def _versions(source: str, version: str) -> tuple[SourceVersion, ...]:
    found = find_source_versions(source, version)
    if not found:
        raise _unknown(f"{source} {version}")
    return found


def _unknown(found: str) -> PackageUnknown:
    return PackageUnknown(
        expected="a source package that was accepted here",
        found=found,
        hint="GET /api/v1/packages/ lists them; GET /api/v1/search?query=… finds them.",
    )


# --- how they are shown -----------------------------------------------------------


def _url(name: str, version: str = "") -> str:
    url = f"/api/v1/packages/{quote(name)}"
    return f"{url}/{quote(version, safe=':+~')}" if version else url


def _page(name: str, version: str = "") -> str:
    page = f"/packages/{quote(name)}/"
    return f"{page}{quote(version, safe=':+~')}/" if version else page


def _sources(rows: tuple[SourceRow, ...]) -> tuple[SourcePackage, ...]:
    told = summaries(place.source_id for row in rows for place in row.places)
    return tuple(
        SourcePackage(
            name=row.name,
            url=_url(row.name),
            page=_page(row.name),
            summary=next(
                (told[each.source_id] for each in row.places if each.source_id in told), ""
            ),
            places=tuple(
                PackagePlace(each.distribution, each.repository, each.version, each.since)
                for each in row.places
            ),
            failed=row.failed,
        )
        for row in rows
    )


def _summary(sources: list[int]) -> str:
    told = summaries(sources)
    return next((told[each] for each in sources if each in told), "")


def _place(place: SuitePlace, span: Span) -> PackagePlace:
    return PackagePlace(place.distribution, place.repository, span.version, span.since)


def _version(name: str, row: VersionRow) -> PackageVersion:
    return PackageVersion(
        version=row.version,
        url=_url(name, row.version),
        distribution=row.distribution,
        component=row.component,
        state=row.state,
        accepted_at=row.accepted_at,
        upload_id=row.upload_id,
        uploader=row.uploader,
        builds=tuple(map(build_shown, row.builds)),
    )


def _needs(found: NeededBy) -> PackageNeeds:
    pairs = tuple((each.source, each.package) for each in found.needers)
    return PackageNeeds(found.kind.name.lower(), pairs, found.is_all)


def _detail(found: SourceVersion) -> PackageVersionDetail:
    repository = found.row.repository
    return PackageVersionDetail(
        version=_version(found.name, found.row),
        repository=repository,
        paragraph=found.paragraph,
        news=found.news,
        files=tuple(_file(repository, each) for each in found.files),
        binaries=tuple(_binary(repository, each) for each in found.binaries),
    )


def _file(repository: str, row: FileRow) -> PackageFile:
    url = f"{archive_url(repository)}/{row.path}"
    return PackageFile(row.name, url, row.size_bytes, row.sha256, row.is_gone)


def _binary(repository: str, row: BinaryRow) -> BinaryPackage:
    return BinaryPackage(
        package=row.package,
        version=row.version,
        architecture=row.architecture,
        is_debug=row.is_debug,
        file=_file(repository, row.file),
        paragraph=row.paragraph,
    )


def _text(text: Text) -> PackageText:
    return PackageText(text.text, text.is_cut)


def _result(found: Found) -> SearchResult:
    return SearchResult(
        query=found.text,
        page=f"/search/?{urlencode({'q': found.text, 'all': 'yes'})}",
        meant=_meant(found),
        is_complete=found.is_ready,
        sources=_sources(found.sources),
        binaries=tuple(FoundBinary(each.package, each.sources) for each in found.binaries),
        versions=found.versions,
        described=tuple(
            FoundDescription(each.package, each.summary, each.source) for each in found.described
        ),
        files=tuple(
            FoundFile(
                each.path,
                tuple(sorted({hit.package for hit in each.packages})),
                tuple(sorted({hit.source for hit in each.packages})),
            )
            for each in found.files
        ),
        maintainers=tuple(FoundPerson(each.name, each.sources) for each in found.maintainers),
        uploaders=found.uploaders,
        suites=found.suites,
        repositories=found.repositories,
        builds=tuple(map(build_shown, found.builds)),
        uploads=tuple(map(upload_shown, found.uploads)),
    )


def _meant(found: Found) -> str:
    """The page of what was meant without doubt; else nothing."""
    meant = found.meant
    if meant is None:
        return ""
    return f"/suites/{meant.suite}/" if meant.suite else _page(meant.source, meant.version)
