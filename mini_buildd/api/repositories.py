"""The calls on repositories and their suites."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from mini_buildd.api.given import PAGE_ROWS, Before, Limit, Number, Word, address
from mini_buildd.db.queries.repositories import (
    DistributionRow,
    RepositoryRow,
    find_repository,
    list_repositories,
)
from mini_buildd.db.queries.suite_names import SuiteNameRow, list_suite_names
from mini_buildd.db.queries.suite_packages import HeldRow, PackageRow, list_packages
from mini_buildd.db.queries.suites import Frozen, SuiteRow, find_suite
from mini_buildd.db.queries.version_line import VersionRow, find_version, list_versions
from mini_buildd.domain.problem import RepositoryUnknown, SuiteUnknown, SuiteVersionUnknown
from mini_buildd.flow.growth import growth
from mini_buildd.flow.hosted import archive_url
from mini_buildd.wire.api.packages import SuiteGrowth, SuiteSize
from mini_buildd.wire.api.suites import (
    Freeze,
    HeldVersion,
    Package,
    PackagePage,
    Repository,
    RepositoryDetail,
    RepositoryPage,
    Suite,
    SuiteName,
    SuiteNamePage,
    SuiteSummary,
    SuiteVersion,
    SuiteVersionPage,
)

repositories = Router(tags=["repositories"])
suites = Router(tags=["repositories"])


@repositories.get("", response=RepositoryPage, summary="List repositories")
def list_of_repositories(request: HttpRequest) -> RepositoryPage:
    """The repositories that you may see."""
    del request
    return RepositoryPage(tuple(map(_repository, list_repositories())))


@repositories.get("{name}", response=RepositoryDetail, summary="Show a repository")
def show_repository(request: HttpRequest, name: Word) -> RepositoryDetail:
    """A repository with its suites; those with packages, or open for uploads, come first."""
    del request
    found = find_repository(name)
    if found is None:
        raise RepositoryUnknown(
            expected="the name of a repository",
            found=name,
            hint="GET /api/v1/repositories/ lists them.",
        )
    return RepositoryDetail(
        found.name, archive_url(found.name), tuple(map(_summary, found.distributions))
    )


@suites.get("", response=SuiteNamePage, summary="List suites")
def list_of_suites(request: HttpRequest, repository: Word = "") -> SuiteNamePage:
    """The suites that you may see, of a repository or of all."""
    del request
    return SuiteNamePage(tuple(map(_name, list_suite_names(repository))))


@suites.get("{distribution}", response=Suite, summary="Show a suite")
def show_suite(request: HttpRequest, distribution: Word) -> Suite:
    """A suite as it is now."""
    del request
    return shown_suite(found_suite(distribution))


@suites.get("{distribution}/packages/", response=PackagePage, summary="List a suite's packages")
def list_suite_packages(
    request: HttpRequest,
    distribution: Word,
    query: Annotated[
        Word,
        Field(description="A part of a source package's name, or a binary package's whole name."),
    ] = "",
    version: Annotated[
        Number | None, Field(description="As in that version of the suite, not now.")
    ] = None,
    beyond: Annotated[Word, Field(description="Only names after this one.")] = "",
    limit: Limit = PAGE_ROWS,
) -> PackagePage:
    """The source packages of a suite by name, and what stands in its neighbours."""
    suite = found_suite(distribution)
    if version is not None:
        find_known(suite.name, version)
    part = list_packages(suite, version, query=query, beyond=beyond, count=limit)
    following = address(request, beyond=part.next) if part.next is not None else None
    return PackagePage(tuple(map(_package, part.rows)), following)


@suites.get("{distribution}/versions/", response=SuiteVersionPage, summary="List its versions")
def list_suite_versions(
    request: HttpRequest,
    distribution: Word,
    before: Before | None = None,
    limit: Limit = PAGE_ROWS,
) -> SuiteVersionPage:
    """The versions of a suite, the newest first: when, by whom, why."""
    part = list_versions(found_suite(distribution).name, before, limit)
    following = address(request, before=part.older) if part.older is not None else None
    return SuiteVersionPage(tuple(map(_version, part.rows)), following)


@suites.get(
    "{distribution}/versions/{int:number}", response=SuiteVersion, summary="Show one version"
)
def show_suite_version(request: HttpRequest, distribution: Word, number: Number) -> SuiteVersion:
    """A version of a suite; `presence` turns from `pending` to `shown` once apt finds it."""
    del request
    return _version(find_known(found_suite(distribution).name, number))


def find_known(distribution: str, number: int) -> VersionRow:
    """Version *number* of that suite; raises SuiteVersionUnknown."""
    found = find_version(distribution, number)
    if found is None:
        raise SuiteVersionUnknown(
            expected=f"the number of a version of {distribution}",
            found=str(number),
            hint=f"GET /api/v1/suites/{distribution}/versions/ lists them.",
        )
    return found


@suites.get("{distribution}/growth", response=SuiteGrowth, summary="Show how it has grown")
def show_suite_growth(
    request: HttpRequest,
    distribution: Word,
    limit: Annotated[int, Field(ge=2, le=2000, description="About so many items at most.")] = 500,
) -> SuiteGrowth:
    """How much a suite had over time; of very many versions, some are left out."""
    del request
    rows = growth(found_suite(distribution).id, limit)
    return SuiteGrowth(
        tuple(
            SuiteSize(row.number, row.at, row.sources, row.binaries, row.size_bytes) for row in rows
        )
    )


def found_suite(distribution: str) -> SuiteRow:
    """The suite of that name; raises SuiteUnknown."""
    found = find_suite(distribution)
    if found is None:
        raise SuiteUnknown(
            expected="a suite, as <codename>-<repository>-<suite>",
            found=distribution,
            hint="GET /api/v1/repositories/<name> lists them.",
        )
    return found


# --- how they are shown -----------------------------------------------------------


def _repository(row: RepositoryRow) -> Repository:
    return Repository(
        name=row.name,
        url=f"/api/v1/repositories/{row.name}",
        layout=row.layout,
        suites=row.distributions,
        packages=row.packages,
    )


def _summary(row: DistributionRow) -> SuiteSummary:
    return SuiteSummary(
        name=row.name,
        url=f"/api/v1/suites/{row.name}",
        base=row.base,
        suite=row.suite,
        purpose=row.purpose,
        accepts_uploads=row.accepts_uploads,
        migrates_to=row.migrates_to,
        version_ending=row.version_ending,
        architectures=row.architectures,
        number=row.number,
        packages=row.package_count,
    )


def _name(row: SuiteNameRow) -> SuiteName:
    return SuiteName(
        name=row.name,
        url=f"/api/v1/suites/{row.name}",
        repository=row.repository,
        codename=row.codename,
        suite=row.suite,
        accepts_uploads=row.accepts_uploads,
        is_frozen=row.is_frozen,
    )


def shown_suite(row: SuiteRow) -> Suite:
    """*row* as the API tells of it."""
    url = f"/api/v1/suites/{row.name}"
    return Suite(
        name=row.name,
        repository=row.repository,
        base=row.base,
        suite=row.suite,
        purpose=row.purpose,
        accepts_uploads=row.accepts_uploads,
        version_ending=row.version_ending,
        architectures=row.architectures,
        way=row.way,
        frozen=_freeze(row.frozen) if row.frozen is not None else None,
        shown=row.shown,
        decided=row.decided,
        sources=row.sources,
        binaries=row.binaries,
        packages_url=f"{url}/packages/",
        versions_url=f"{url}/versions/",
        is_private=row.is_private,
    )


def _freeze(row: Frozen) -> Freeze:
    return Freeze(row.at, row.by, row.reason)


def _package(row: PackageRow) -> Package:
    return Package(row.name, tuple(map(_held, row.held)), row.elsewhere)


def _held(row: HeldRow) -> HeldVersion:
    return HeldVersion(
        version=row.version,
        component=row.component,
        upload_id=row.upload_id,
        added_in=row.added_in,
        since=row.since,
        binaries=row.binaries,
        size_bytes=row.size_bytes,
    )


def _version(row: VersionRow) -> SuiteVersion:
    return SuiteVersion(
        number=row.number,
        kind=row.kind,
        presence=row.presence,
        decided_at=row.decided_at,
        published_at=row.published_at,
        actor=row.actor,
        reason=row.reason,
        package=row.package,
        restores=row.restores,
        came=row.came,
        went=row.went,
    )
