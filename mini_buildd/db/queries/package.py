"""One source package: every suite and version of it, its builds, what was made of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from mini_buildd.db.models import (
    Attempt,
    Binary,
    Distribution,
    PoolFile,
    Publication,
    Source,
    SourceFile,
    SuiteEntry,
)
from mini_buildd.db.queries.builds import BuildRow, account, build_row, jobs, signer
from mini_buildd.db.visibility import visible
from mini_buildd.domain.states import Outcome, SourceState

SHOWN_VERSIONS = 20
_SPANS = 200
_TIMED = 400

_REPOSITORY = "distribution__repository__name"


@dataclass(frozen=True, slots=True)
class Span:
    """A version in a suite from one version of it until another, None: it is there still."""

    distribution: str
    version: str
    source_id: int
    added_in: int
    removed_in: int | None
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class SuitePlace:
    """A suite that has it now, in these *versions*, the one that came last first."""

    distribution: str
    repository: str
    base: str
    suite: str
    is_frozen: bool
    is_private: bool
    versions: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version as it came in; *upload_id* is None for what was built elsewhere."""

    id: int
    version: str
    distribution: str
    repository: str
    component: str
    state: SourceState
    accepted_at: datetime
    upload_id: int | None
    uploader: str
    account: str
    builds: tuple[BuildRow, ...]


@dataclass(frozen=True, slots=True)
class Timed:
    """How long a good build of a version took; *build_id* is its number."""

    build_id: int
    version: str
    architecture: str
    seconds: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Package:
    """All suites that have it, and its newest *versions*; *older* is what goes on, None: none."""

    name: str
    places: tuple[SuitePlace, ...]
    versions: tuple[VersionRow, ...]
    older: int | None
    spans: tuple[Span, ...]
    uploaders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of the pool; *path* is relative to the repository's folder."""

    name: str
    path: str
    size_bytes: int
    sha256: str
    is_gone: bool


@dataclass(frozen=True, slots=True)
class BinaryRow:
    """A binary package; *paragraph* is its text in the Packages index."""

    id: int
    package: str
    version: str
    architecture: str
    is_debug: bool
    is_udeb: bool
    file: FileRow
    paragraph: str
    build_id: int | None


@dataclass(frozen=True, slots=True)
class SourceVersion:
    """All of one version as it came in; *paragraph* is its text in the Sources index."""

    name: str
    row: VersionRow
    is_private: bool
    is_open: bool
    paragraph: str
    news: str
    files: tuple[FileRow, ...]
    binaries: tuple[BinaryRow, ...]


def find_package(name: str, before: int | None = None) -> Package | None:
    """The source package called *name*, with versions of ids below *before*."""
    rows = _sources(name)
    wanted = rows if before is None else rows.filter(pk__lt=before)
    found = list(wanted.order_by("-pk")[: SHOWN_VERSIONS + 1])
    if not found and (before is None or not rows.exists()):
        return None
    shown = found[:SHOWN_VERSIONS]
    spans = spans_of(name)
    versions = _version_rows(shown)
    return Package(
        name=name,
        places=_places(spans),
        versions=versions,
        older=shown[-1].pk if len(found) > SHOWN_VERSIONS else None,
        spans=spans,
        uploaders=tuple(dict.fromkeys(row.uploader for row in versions if row.uploader)),
    )


def _sources(name: str) -> QuerySet[Source]:
    rows = Source.objects.filter(name=name).select_related(
        "distribution__repository", "upload__signed_by__user"
    )
    return visible(rows, _REPOSITORY)


def _version_rows(sources: Sequence[Source]) -> tuple[VersionRow, ...]:
    builds: defaultdict[int, list[BuildRow]] = defaultdict(list)
    for job in jobs().filter(source__in=[each.pk for each in sources]).order_by("architecture"):
        builds[job.source_id].append(build_row(job))
    return tuple(_version_row(each, builds[each.pk]) for each in sources)


def _version_row(source: Source, builds: Iterable[BuildRow]) -> VersionRow:
    return VersionRow(
        id=source.pk,
        version=source.version,
        distribution=source.distribution.name,
        repository=source.distribution.repository.name,
        component=source.component,
        state=SourceState(source.state),
        accepted_at=source.accepted_at,
        upload_id=source.upload_id,
        uploader=signer(source.upload) if source.upload is not None else "",
        account=account(source.upload) if source.upload is not None else "",
        builds=tuple(builds),
    )


def spans_of(name: str) -> tuple[Span, ...]:
    """When which suite had which version of it, the newest first."""
    numbered = Publication.objects.filter(distribution=OuterRef("distribution"))
    came = numbered.filter(number=OuterRef("added_in"))
    went = numbered.filter(number=OuterRef("removed_in"))
    rows = (
        visible(SuiteEntry.objects.filter(binary=None), _REPOSITORY)
        .filter(source__in=Source.objects.filter(name=name).values("pk"))
        .annotate(
            since=Subquery(came.values("published_at")[:1]),
            until=Subquery(went.values("published_at")[:1]),
        )
        .order_by("-pk")
        .values_list(
            "distribution__name",
            "source__version",
            "source_id",
            "added_in",
            "removed_in",
            "since",
            "until",
        )
    )
    return tuple(Span(*row) for row in rows[:_SPANS])


def _places(spans: Iterable[Span]) -> tuple[SuitePlace, ...]:
    held: defaultdict[str, list[Span]] = defaultdict(list)
    for span in spans:
        if span.removed_in is None:
            held[span.distribution].append(span)
    rows = Distribution.objects.filter(name__in=list(held)).select_related(
        "repository", "base", "suite"
    )
    return tuple(
        SuitePlace(
            distribution=row.name,
            repository=row.repository.name,
            base=f"{row.base.vendor} {row.base.codename}",
            suite=row.suite.name,
            is_frozen=row.frozen_at is not None,
            is_private=row.repository.is_private,
            versions=tuple(held[row.name]),
        )
        for row in rows.order_by("repository__name", "base__codename", "suite_id")
    )


def times_of(name: str) -> tuple[Timed, ...]:
    """The latest good builds of the source package called *name*, the oldest first."""
    rows = (
        visible(
            Attempt.objects.filter(
                job__source__name=name,
                outcome=Outcome.SUCCEEDED,
                started_at__isnull=False,
                finished_at__isnull=False,
            ),
            f"job__source__{_REPOSITORY}",
        )
        .order_by("-pk")
        .values_list(
            "job_id", "job__source__version", "job__architecture", "started_at", "finished_at"
        )
    )
    return tuple(
        Timed(pk, version, architecture, (end - begin).total_seconds(), end)
        for pk, version, architecture, begin, end in reversed(rows[:_TIMED])
        if begin is not None and end is not None
    )


# --- one version --------------------------------------------------------------------


def find_source_versions(name: str, version: str) -> tuple[SourceVersion, ...]:
    """That version of it, for each suite that it came into by itself: mostly there is one."""
    found = list(
        _sources(name)
        .filter(version=version)
        .prefetch_related(
            Prefetch("files", SourceFile.objects.select_related("file").order_by("file__name"))
        )
        .order_by("-pk")
    )
    rows = _version_rows(found)
    binaries = binaries_of([each.pk for each in found])
    return tuple(
        SourceVersion(
            name=name,
            row=row,
            is_private=source.distribution.repository.is_private,
            is_open=source.distribution.repository.is_open,
            paragraph=source.paragraph,
            news=source.changes,
            files=tuple(_file(each.file) for each in source.files.all()),
            binaries=binaries.get(source.pk, ()),
        )
        for source, row in zip(found, rows, strict=True)
    )


def _file(file: PoolFile) -> FileRow:
    return FileRow(
        file.name, file.path, file.size_bytes, file.sha256, is_gone=file.removed_at is not None
    )


def binaries_of(sources: Iterable[int]) -> Mapping[int, tuple[BinaryRow, ...]]:
    """The binary packages of each of these source packages, by name and architecture."""
    rows = Binary.objects.filter(source__in=list(sources)).select_related("file", "attempt")
    found: defaultdict[int, list[BinaryRow]] = defaultdict(list)
    for row in rows.order_by("package", "architecture", "-pk"):
        found[row.source_id].append(binary_row(row))
    return {source: tuple(each) for source, each in found.items()}


def binary_row(row: Binary) -> BinaryRow:
    """*row*, which comes with its file and attempt, as a row."""
    return BinaryRow(
        id=row.pk,
        package=row.package,
        version=row.version,
        architecture=row.architecture,
        is_debug=row.is_debug or row.package.endswith("-dbgsym"),
        is_udeb=row.is_udeb,
        file=_file(row.file),
        paragraph=row.paragraph,
        build_id=row.attempt.job_id if row.attempt is not None else None,
    )


def find_listing(binary: int) -> bytes:
    """The packed listing of a binary package's files; empty when it has none."""
    rows = Binary.objects.filter(pk=binary).values_list("listing__paths", flat=True)
    return bytes(rows.first() or b"")


@dataclass(frozen=True, slots=True)
class Needer:
    """A package that needs another: its *source*, and the binary *package*, empty for builds."""

    source: str
    package: str


def needing_sources(sources: Iterable[int]) -> Mapping[int, Needer]:
    """Those of the source packages with these numbers that a suite has."""
    wanted = list(sources)
    if not wanted:
        return {}
    rows = visible(
        SuiteEntry.objects.filter(removed_in=None, binary=None, source__in=wanted), _REPOSITORY
    )
    found = rows.order_by().values_list("source_id", "source__name")
    return {pk: Needer(name, "") for pk, name in found}


def needing_binaries(binaries: Iterable[int]) -> Mapping[int, Needer]:
    """Those of the binary packages with these numbers that a suite has."""
    wanted = list(binaries)
    if not wanted:
        return {}
    rows = visible(SuiteEntry.objects.filter(removed_in=None, binary__in=wanted), _REPOSITORY)
    found = rows.order_by().values_list("binary_id", "source__name", "binary__package")
    return {pk: Needer(source, package) for pk, source, package in found}
