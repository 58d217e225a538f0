"""Source packages across all suites, a part at a time: by name, the newest first, what fails."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from mini_buildd.db.models import Job, Publication, Source, SuiteEntry
from mini_buildd.db.visibility import visible
from mini_buildd.domain.states import JobState

PART_ROWS = 50
FAILING_DAYS = 90

# From an entry to the name of its repository.
_REPOSITORY = "distribution__repository__name"


class Order(StrEnum):
    """In which order packages are listed."""

    NAME = "name"
    NEWEST = "newest"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Place:
    """A version of a source package in a suite, for apt to be seen *since*; *source_id* its row."""

    distribution: str
    repository: str
    version: str
    since: datetime | None
    source_id: int


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source package: where it is, and how many of its builds have *failed* lately."""

    name: str
    places: tuple[Place, ...]
    failed: int

    @property
    def since(self) -> datetime | None:
        """When one of its versions came last into a suite that has it."""
        return max((each.since for each in self.places if each.since is not None), default=None)


@dataclass(frozen=True, slots=True)
class SourcePart:
    """Some packages; *next* is what the next part goes on after, None in the last."""

    rows: tuple[SourceRow, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which packages are wanted: of a repository, of a suite, only some *names*; empty: all."""

    repository: str = ""
    distribution: str = ""
    names: frozenset[str] | None = None


def list_sources(
    wanted: Wanted,
    now: datetime,
    order: Order = Order.NAME,
    beyond: str = "",
    count: int = PART_ROWS,
) -> SourcePart:
    """The packages that suites have, or for FAILING those whose builds failed, after *beyond*.

    What *beyond* is comes from the *next* of another part.
    """
    match order:
        case Order.NAME:
            found = [(name, name) for name in _by_name(wanted, beyond, count + 1)]
        case Order.NEWEST:
            found = _newest_first(wanted, beyond, count + 1)
        case Order.FAILING:
            found = _failing_first(wanted, now, beyond, count + 1)
    names = [name for name, _ in found[:count]]
    rows = rows_of(names, now)
    return SourcePart(
        tuple(rows[name] for name in names), found[count - 1][1] if len(found) > count else None
    )


def rows_of(names: Collection[str], now: datetime) -> Mapping[str, SourceRow]:
    """A row for each of *names*."""
    places, failed = _places(names), _failed(names, now)
    return {name: SourceRow(name, tuple(places[name]), failed.get(name, 0)) for name in names}


def _entries(wanted: Wanted) -> QuerySet[SuiteEntry]:
    """The source packages that suites have now."""
    rows = visible(SuiteEntry.objects.filter(removed_in=None, binary=None), _REPOSITORY)
    if wanted.repository:
        rows = rows.filter(distribution__repository__name=wanted.repository)
    if wanted.distribution:
        rows = rows.filter(distribution__name=wanted.distribution)
    return rows


def _by_name(wanted: Wanted, beyond: str, count: int) -> list[str]:
    # Along the index of names, looking whether a suite has each, until there are enough.
    rows = Source.objects.filter(
        Exists(_entries(wanted).filter(source=OuterRef("pk"))), name__gt=beyond
    )
    if wanted.names is not None:
        rows = rows.filter(name__in=wanted.names)
    return list(rows.order_by("name").values_list("name", flat=True).distinct()[:count])


def _newest_first(wanted: Wanted, beyond: str, count: int) -> list[tuple[str, str]]:
    """Each where it came last into a suite."""
    later = _entries(wanted).filter(source__name=OuterRef("source__name"), pk__gt=OuterRef("pk"))
    rows = _entries(wanted).filter(~Exists(later))
    if wanted.names is not None:
        rows = rows.filter(source__name__in=wanted.names)
    if beyond.isascii() and beyond.isdecimal():
        rows = rows.filter(pk__lt=min(int(beyond), 2**63 - 1))
    found = rows.order_by("-pk").values_list("source__name", "pk")
    return [(name, str(pk)) for name, pk in found[:count]]


def _failing_first(wanted: Wanted, now: datetime, beyond: str, count: int) -> list[tuple[str, str]]:
    jobs, counted = _failed_jobs(now), Q()
    # Of what failed: were it a condition, SQLite would go through all jobs of the suite instead.
    if wanted.repository:
        counted &= Q(source__distribution__repository__name=wanted.repository)
    if wanted.distribution:
        counted &= Q(source__distribution__name=wanted.distribution)
    if wanted.names is not None:
        jobs = jobs.filter(source__name__in=wanted.names)
    rows = jobs.values_list("source__name").annotate(failed=Count("pk", filter=counted))
    rows = rows.filter(failed__gt=0)
    number, _, name = beyond.partition(" ")
    if number.isascii() and number.isdecimal():
        most = min(int(number), 2**63 - 1)
        rows = rows.filter(Q(failed__lt=most) | Q(failed=most, source__name__gt=name))
    found = rows.order_by("-failed", "source__name")[:count]
    return [(name, f"{failed} {name}") for name, failed in found]


def _failed_jobs(now: datetime) -> QuerySet[Job]:
    rows = Job.objects.filter(
        state=JobState.FAILED, created_at__gte=now - timedelta(days=FAILING_DAYS)
    )
    return visible(rows, "source__distribution__repository__name").order_by()


def _failed(names: Collection[str], now: datetime) -> Mapping[str, int]:
    # The names first: there may be any number of failed jobs.
    sources = Source.objects.filter(name__in=list(names)).values("pk")
    rows = _failed_jobs(now).filter(source__in=sources).values_list("source__name")
    return dict(rows.annotate(Count("pk")))


def _places(names: Collection[str]) -> Mapping[str, Sequence[Place]]:
    published = Publication.objects.filter(
        distribution=OuterRef("distribution"), number=OuterRef("added_in")
    )
    rows = (
        _entries(Wanted())
        .filter(source__in=Source.objects.filter(name__in=list(names)).values("pk"))
        .annotate(at=Subquery(published.values("published_at")[:1]))
        .order_by("distribution__name", "-pk")
        .values_list(
            "source__name",
            "distribution__name",
            "distribution__repository__name",
            "source__version",
            "at",
            "source_id",
        )
    )
    found: defaultdict[str, list[Place]] = defaultdict(list)
    for name, *rest in rows:
        found[name].append(Place(*rest))
    return found


def has_source(name: str) -> bool:
    """Whether there is, or was, a source package called *name* that may be seen."""
    return visible(Source.objects.filter(name=name), _REPOSITORY).exists()


def binary_sources(package: str) -> tuple[str, ...]:
    """The names of the source packages that the binary *package* is, or was, made from."""
    rows = visible(
        Source.objects.filter(binaries__package=package), "distribution__repository__name"
    )
    return tuple(rows.order_by("name").values_list("name", flat=True).distinct()[:PART_ROWS])
