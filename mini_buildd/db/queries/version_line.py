"""The versions of a suite, newest first: who, when, why, and how much each of them changed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value

from mini_buildd.db.models import Publication, SuiteEntry
from mini_buildd.deb.version import Version
from mini_buildd.domain.suite_version import Cause, Held, Kind, differences

# So many packages that came or went are looked at one by one to tell upgrades from the rest.
_LOOKED_AT = 2000


class Presence(StrEnum):
    """Whether a version can be had."""

    PENDING = "pending"  # decided, and not written out yet
    SHOWN = "shown"
    KEPT = "kept"
    GONE = "gone"
    SKIPPED = "skipped"  # the next one was decided before it was written out


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version; *came* and *went* count source packages in each of their versions.

    *kinds* tell in how many source packages it differs from the version before; None where that
    was too much to look at.
    """

    number: int
    kind: Cause
    actor: str
    reason: str
    restores: int | None
    decided_at: datetime
    published_at: datetime | None
    presence: Presence
    areas: tuple[str, ...]
    package: str
    upload_id: int | None
    came: int
    went: int
    kinds: Mapping[Kind, int] | None


@dataclass(frozen=True, slots=True)
class VersionPart:
    """Some versions; *older* is the number that the next part ends before, None in the last."""

    rows: tuple[VersionRow, ...]
    older: int | None


def list_versions(
    distribution: str, before: int | None = None, count: int = 50, told: int | None = None
) -> VersionPart:
    """The newest versions of *distribution*, or those *before* a number.

    Only the first so many as are *told* know what kinds of differences they make; None: all.
    """
    rows = _publications(distribution)
    wanted = rows if before is None else rows.filter(number__lt=before)
    found = list(wanted.order_by("-number")[: count + 1])
    return VersionPart(
        _rows(found[:count], told), found[count - 1].number if len(found) > count else None
    )


def find_version(distribution: str, number: int) -> VersionRow | None:
    """Version *number* of *distribution*."""
    return next(iter(_rows(list(_publications(distribution).filter(number=number)))), None)


def _publications(distribution: str) -> QuerySet[Publication]:
    """The versions of *distribution*, each with the number of the one that is *shown*."""
    rows = Publication.objects.filter(distribution__name=distribution)
    shown = rows.filter(published_at__isnull=False).order_by("-number").values("number")
    return rows.select_related("cause").annotate(shown=Subquery(shown[:1]))


def shown_number(distribution: str) -> int | None:
    """The version of *distribution* that everybody sees; None when nothing is published yet."""
    rows = Publication.objects.filter(distribution__name=distribution, published_at__isnull=False)
    return rows.order_by("-number").values_list("number", flat=True).first()


def has_version(distribution: str, number: int) -> bool:
    """Whether there was ever a version *number* of *distribution*."""
    rows = Publication.objects.filter(distribution__name=distribution, number=number)
    return rows.exists()


def snapshots_with(distribution: str, number: int) -> tuple[str, ...]:
    """The names of the snapshots that keep version *number*."""
    rows = Publication.objects.filter(distribution__name=distribution, number=number)
    return tuple(
        rows.filter(snapshots__isnull=False)
        .order_by("snapshots__name")
        .values_list("snapshots__name", flat=True)
    )


def _rows(found: Sequence[Publication], told: int | None = None) -> tuple[VersionRow, ...]:
    """*found* as rows; they must come out of _publications()."""
    if not found:
        return ()
    numbers = [row.number for row in found]
    entries = SuiteEntry.objects.filter(distribution=found[0].distribution_id)
    sources = entries.filter(binary=None)
    came, went = _counted(sources, numbers)
    small, left = [], _LOOKED_AT
    for number in numbers[:told]:
        left -= came.get(number, 0) + went.get(number, 0)
        if left >= 0:
            small.append(number)
    kinds = _kinds(entries, small) if small else {}
    return tuple(
        VersionRow(
            number=row.number,
            kind=Cause(row.kind),
            actor=row.actor,
            reason=row.reason,
            restores=row.restores,
            decided_at=row.decided_at,
            published_at=row.published_at,
            presence=_presence(row, row.shown),  # type: ignore[attr-defined]  # annotated
            areas=tuple(row.areas.split()),
            package=str(row.cause) if row.cause is not None else "",
            upload_id=row.cause.upload_id if row.cause is not None else None,
            came=came.get(row.number, 0),
            went=went.get(row.number, 0),
            kinds=kinds.get(row.number),
        )
        for row in found
    )


def _presence(row: Publication, shown: int | None) -> Presence:
    if row.published_at is None:
        return Presence.PENDING
    if row.number == shown:
        return Presence.SHOWN
    if row.removed_at is None:
        return Presence.KEPT
    return Presence.SKIPPED if row.removed_at == row.published_at else Presence.GONE


def _counted(
    entries: QuerySet[SuiteEntry], numbers: Sequence[int]
) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """How many of *entries* begin in each of the *numbers*, and how many end."""
    fields = ("added_in", "removed_in")
    both = [
        entries.filter(**{f"{field}__gte": min(numbers), f"{field}__lte": max(numbers)})
        .order_by()
        .annotate(which=Value(which), number=F(field))
        .values("which", "number")
        .annotate(count=Count("pk"))
        .values_list("which", "number", "count")
        for which, field in enumerate(fields)
    ]
    found: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for which, number, count in both[0].union(both[1], all=True):
        found[which][number] = count
    return found


def _kinds(
    entries: QuerySet[SuiteEntry], numbers: Sequence[int]
) -> Mapping[int, Mapping[Kind, int]]:
    """In how many source packages each of *numbers* differs from the version before it."""
    touched = Q(added_in__in=numbers) | Q(removed_in__in=numbers)
    sources = entries.filter(binary=None)
    names = sources.filter(touched).values("source__name")
    history = defaultdict(list)
    for name, version, added_in, removed_in in sources.filter(source__name__in=names).values_list(
        "source__name", "source__version", "added_in", "removed_in"
    ):
        history[name].append(_Span(version, added_in, removed_in))
    rebuilt = _rebuilt(entries, numbers)
    names_of: defaultdict[int | None, set[str]] = defaultdict(set)
    for name, spans in history.items():
        for span in spans:
            names_of[span.added_in].add(name)
            names_of[span.removed_in].add(name)
    found = {}
    for number in numbers:
        counts: dict[Kind, int] = defaultdict(int)
        ours = {name: history[name] for name in names_of[number]}
        for each in differences(_at(ours, number - 1), _at(ours, number)):
            counts[each.kind] += 1
        if number in rebuilt:
            counts[Kind.REBUILT] += rebuilt[number]
        found[number] = dict(counts)
    return found


def _rebuilt(entries: QuerySet[SuiteEntry], numbers: Sequence[int]) -> Mapping[int, int]:
    """The source packages of which each of *numbers* has new binary packages and nothing else."""
    with_it = SuiteEntry.objects.filter(
        distribution=OuterRef("distribution"),
        source=OuterRef("source"),
        added_in=OuterRef("added_in"),
        binary=None,
    )
    rows = entries.filter(~Exists(with_it), added_in__in=numbers, binary__isnull=False)
    return dict(rows.order_by().values_list("added_in").annotate(Count("source", distinct=True)))


@dataclass(frozen=True, slots=True)
class _Span:
    """From one version of the suite until another."""

    version: str
    added_in: int
    removed_in: int | None


def _at(history: Mapping[str, Iterable[_Span]], number: int) -> Mapping[str, Sequence[Held]]:
    return {
        name: [
            Held(Version(span.version), ())
            for span in spans
            if span.added_in <= number and (span.removed_in is None or span.removed_in > number)
        ]
        for name, spans in history.items()
    }
