"""What a suite has, now or in one of its versions: a part at a time, in the order of names."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from mini_buildd.db.models import Binary, Publication, Source, SuiteEntry
from mini_buildd.db.queries.suites import SuiteRow
from mini_buildd.deb.version import Version
from mini_buildd.domain.suite_version import latest_first

PART_ROWS = 50


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A version of a source package, in the suite since version *added_in* of it.

    *binaries* are the names of its binary packages there without debug symbols; *size_bytes* are
    all of their files.
    """

    version: str
    component: str
    upload_id: int | None  # None for what was built elsewhere
    added_in: int
    since: datetime | None
    binaries: tuple[str, ...]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PackageRow:
    """A source package in its versions, the latest first; *elsewhere* by suite of the same base."""

    name: str
    held: tuple[HeldRow, ...]
    elsewhere: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PackagePart:
    """Some packages; *next* is the name that the next part goes on after, None in the last."""

    rows: tuple[PackageRow, ...]
    next: str | None


def list_packages(
    suite: SuiteRow,
    number: int | None = None,
    *,
    query: str = "",
    beyond: str = "",
    count: int = PART_ROWS,
) -> PackagePart:
    """The packages of *suite* in its version *number*, or now, with names after *beyond*.

    With a *query*, those whose name has it as a part, or that have a binary package of that name.
    """
    entries = _entries(suite, number)
    wanted = _names(entries.filter(binary=None), query, beyond, count + 1)
    ours, elsewhere = _rows(suite, number, entries, wanted)
    names = sorted({row.name for row in ours})[: count + 1]
    held = _held(entries, [row for row in ours if row.name in names[:count]])
    rows = tuple(PackageRow(name, held[name], elsewhere.get(name, ())) for name in names[:count])
    return PackagePart(rows, names[count - 1] if len(names) > count else None)


def _entries(suite: SuiteRow, number: int | None) -> QuerySet[SuiteEntry]:
    entries = SuiteEntry.objects.filter(distribution=suite.id)
    if number is None:
        return entries.filter(removed_in=None)
    return entries.filter(Q(removed_in=None) | Q(removed_in__gt=number), added_in__lte=number)


def _names(
    entries: QuerySet[SuiteEntry], query: str, beyond: str, count: int
) -> QuerySet[Source, str]:
    # Along the index of names, looking whether the suite has each, until there are enough.
    rows = Source.objects.filter(Exists(entries.filter(source=OuterRef("pk"))), name__gt=beyond)
    if query:
        named = Binary.objects.filter(package=query).values("source")
        rows = rows.filter(Q(name__contains=query) | Q(pk__in=named))
    return rows.order_by("name").values_list("name", flat=True).distinct()[:count]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A source package in a suite."""

    distribution: int
    suite: str
    source: int
    name: str
    version: str
    component: str
    upload_id: int | None
    added_in: int
    since: datetime | None


def _rows(
    suite: SuiteRow,
    number: int | None,
    entries: QuerySet[SuiteEntry],
    wanted: QuerySet[Source, str],
) -> tuple[list[_Entry], Mapping[str, tuple[tuple[str, str], ...]]]:
    """What *suite* has of those called as is *wanted*, and what the suites of its base have now."""
    rows = entries
    if number is None:
        rows = SuiteEntry.objects.filter(
            distribution__base__codename=suite.name.partition("-")[0],
            distribution__repository__name=suite.repository,
            removed_in=None,
        )
    published = Publication.objects.filter(
        distribution=OuterRef("distribution"), number=OuterRef("added_in")
    )
    found = [
        _Entry(*row)
        for row in rows.filter(binary=None, source__name__in=wanted)
        .annotate(at=Subquery(published.values("published_at")[:1]))
        .order_by("distribution__suite", "id")
        .values_list(
            "distribution_id",
            "distribution__suite__name",
            "source_id",
            "source__name",
            "source__version",
            "source__component",
            "source__upload_id",
            "added_in",
            "at",
        )
    ]
    others = [row for row in found if row.distribution != suite.id]
    return [row for row in found if row.distribution == suite.id], _elsewhere(others)


def _held(
    entries: QuerySet[SuiteEntry], rows: Sequence[_Entry]
) -> Mapping[str, tuple[HeldRow, ...]]:
    packages, sizes = _binaries(entries, [row.source for row in rows])
    found: defaultdict[str, dict[str, HeldRow]] = defaultdict(dict)
    for row in rows:
        found[row.name][row.version] = HeldRow(
            version=row.version,
            component=row.component,
            upload_id=row.upload_id,
            added_in=row.added_in,
            since=row.since,
            binaries=tuple(packages[row.source]),
            size_bytes=sizes[row.source],
        )
    return {
        name: tuple(held[each] for each in latest_first([Version(text) for text in held]))
        for name, held in found.items()
    }


def _binaries(
    entries: QuerySet[SuiteEntry], sources: Collection[int]
) -> tuple[Mapping[int, Collection[str]], Mapping[int, int]]:
    rows = (
        entries.filter(source__in=sources, binary__isnull=False)
        .order_by("binary__package")
        .values_list("source_id", "binary__package", "binary__is_debug", "binary__file__size_bytes")
    )
    packages: defaultdict[int, dict[str, None]] = defaultdict(dict)
    sizes: defaultdict[int, int] = defaultdict(int)
    for source, package, is_debug, size_bytes in rows:
        sizes[source] += size_bytes
        if not is_debug and not package.endswith("-dbgsym"):
            packages[source][package] = None
    return packages, sizes


def _elsewhere(rows: Iterable[_Entry]) -> Mapping[str, tuple[tuple[str, str], ...]]:
    found: defaultdict[str, dict[str, list[Version]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row.name][row.suite].append(Version(row.version))
    return {
        name: tuple((other, latest_first(versions)[0]) for other, versions in suites.items())
        for name, suites in found.items()
    }
