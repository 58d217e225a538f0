"""Repositories with their distributions and what those hold."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Count, OuterRef, Q, Subquery

from mini_buildd.db.models import Binary, Distribution, Publication, Repository, SuiteEntry
from mini_buildd.db.visibility import visible
from mini_buildd.domain.layout import VersionRule, version_mark

SHOWN_PACKAGES = 10


@dataclass(frozen=True, slots=True)
class RepositoryRow:
    """A repository as the list shows it; *packages* counts source packages in all its suites."""

    name: str
    layout: str
    distributions: int
    packages: int
    is_open: bool = False  # it takes unsigned uploads
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class PackageRow:
    """A source package in a distribution, since *published_at* (None: not written out yet)."""

    name: str
    version: str
    upload_id: int | None  # None for what was built elsewhere
    published_at: datetime | None
    binaries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DistributionRow:
    """A distribution, its rules, and the latest of its *package_count* packages."""

    name: str
    base: str
    suite: str
    purpose: str
    accepts_uploads: bool
    migrates_to: str
    version_ending: str
    architectures: tuple[str, ...]
    undated_sources: tuple[str, ...]  # of the base, whose Valid-Until nobody checks
    number: int | None
    package_count: int
    packages: tuple[PackageRow, ...]


@dataclass(frozen=True, slots=True)
class RepositoryDetail:
    """A repository with its distributions; those with packages or open for uploads first."""

    name: str
    distributions: tuple[DistributionRow, ...]
    is_open: bool = False
    is_private: bool = False


def list_repositories() -> tuple[RepositoryRow, ...]:
    """All repositories by name."""
    suites: Counter[int] = Counter()
    packages: Counter[int] = Counter()
    held = Distribution.objects.annotate(held=_held()).order_by()
    for repository, count in held.values_list("repository", "held"):
        suites[repository] += 1
        packages[repository] += count or 0
    rows = visible(Repository.objects.select_related("layout"), "name")
    return tuple(
        RepositoryRow(
            row.name,
            row.layout.name,
            suites[row.pk],
            packages[row.pk],
            is_open=row.is_open,
            is_private=row.is_private,
        )
        for row in rows.order_by("name")
    )


def find_repository(name: str) -> RepositoryDetail | None:
    """The repository called *name*."""
    repository = visible(Repository.objects.filter(name=name), "name").first()
    if repository is None:
        return None
    now = SuiteEntry.objects.filter(distribution=OuterRef("pk"), removed_in=None, binary=None)
    rows = list(
        Distribution.objects.filter(repository__name=name)
        .select_related("base", "suite__migrates_to", "repository")
        .prefetch_related("architectures", "base__apt_sources")
        .annotate(
            number=Subquery(
                Publication.objects.filter(distribution=OuterRef("pk"), published_at__isnull=False)
                .order_by("-number")
                .values("number")[:1]
            ),
            held=_held(),
            least=Subquery(now.order_by("-pk").values("pk")[SHOWN_PACKAGES - 1 : SHOWN_PACKAGES]),
        )
        .order_by("name")
    )
    packages = _packages({row.pk: row.least or 0 for row in rows})
    found = [
        _distribution(row, row.number, row.held or 0, packages.get(row.pk, ())) for row in rows
    ]
    found.sort(key=lambda row: (not row.package_count, not row.accepts_uploads))
    return RepositoryDetail(
        name, tuple(found), is_open=repository.is_open, is_private=repository.is_private
    )


def _held() -> Subquery:
    """How many source packages a distribution has now, as a part of a question; None for none."""
    # Along the index of just those, which the condition on their ids makes SQLite choose; a join
    # would go through all that was ever published.
    entries = SuiteEntry.objects.filter(
        distribution=OuterRef("pk"), removed_in=None, binary=None, source__gt=0
    )
    held = entries.order_by().values("distribution")
    return Subquery(held.annotate(count=Count("pk")).values("count"))


def _distribution(
    row: Distribution, number: int | None, count: int, packages: tuple[PackageRow, ...]
) -> DistributionRow:
    suite = row.suite
    mark = version_mark(row.repository.name, row.base.version_code)
    return DistributionRow(
        name=row.name,
        base=f"{row.base.vendor} {row.base.codename}",
        suite=suite.name,
        purpose=suite.purpose,
        accepts_uploads=suite.accepts_uploads,
        migrates_to=suite.migrates_to.name if suite.migrates_to is not None else "",
        version_ending=mark + VersionRule(suite.version_rule).example,
        architectures=tuple(item.architecture for item in row.architectures.all()),
        undated_sources=tuple(
            str(source) for source in row.base.apt_sources.all() if not source.check_valid_until
        ),
        number=number,
        package_count=count,
        packages=packages,
    )


def _packages(least: Mapping[int, int]) -> Mapping[int, tuple[PackageRow, ...]]:
    """The latest packages of each distribution, by its id: their entries are the *least* or above.

    In two questions, however many distributions there are.
    """
    if not least:
        return {}
    # Not binary=None, which SQLite takes for rare: it would go through the sources of all suites.
    wanted = (Q(distribution=pk, removed_in=None, pk__gte=entry) for pk, entry in least.items())
    published = Publication.objects.filter(
        distribution=OuterRef("distribution"), number=OuterRef("added_in")
    )
    entries = list(
        SuiteEntry.objects.filter(reduce(or_, wanted))
        .exclude(binary__gt=0)
        .select_related("source")
        .annotate(at=Subquery(published.values("published_at")[:1]))
        .order_by("distribution_id", "-id")
    )
    binaries = _binaries({entry.source_id for entry in entries})
    found: defaultdict[int, list[PackageRow]] = defaultdict(list)
    for entry in entries:
        source = entry.source
        found[entry.distribution_id].append(
            PackageRow(
                source.name, source.version, source.upload_id, entry.at, binaries.get(source.pk, ())
            )
        )
    return {distribution: tuple(rows) for distribution, rows in found.items()}


def _binaries(sources: set[int]) -> Mapping[int, tuple[str, ...]]:
    """The names of the binary packages of each source, without debug symbols."""
    rows = (
        Binary.objects.filter(source__in=sources)
        .exclude(package__endswith="-dbgsym")
        .order_by("package")
        .values_list("source_id", "package")
        .distinct()
    )
    found: defaultdict[int, list[str]] = defaultdict(list)
    for source, package in rows:
        found[source].append(package)
    return {source: tuple(names) for source, names in found.items()}
