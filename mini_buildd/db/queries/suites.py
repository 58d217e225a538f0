"""Suites as they are now: their rules, where they lead, how much they have, whether frozen."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, QuerySet, Subquery

from mini_buildd.db.models import Distribution, Publication, SuiteEntry
from mini_buildd.db.queries.suite_rules import SuiteRules, rules_of
from mini_buildd.db.visibility import visible
from mini_buildd.domain.layout import VersionRule, version_mark


@dataclass(frozen=True, slots=True)
class Frozen:
    """Since when *distribution* is frozen, by whom and why."""

    distribution: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SuiteRow:
    """A suite; *shown* is the version that apt finds, *decided* the newest there will be.

    *way* are the distributions that its packages can migrate to, the nearest first; *siblings* are
    the repository's other ones.
    """

    id: int
    name: str
    repository: str
    base: str
    suite: str
    purpose: str
    accepts_uploads: bool
    version_ending: str
    architectures: tuple[str, ...]
    way: tuple[str, ...]
    siblings: tuple[str, ...]
    frozen: Frozen | None
    shown: int | None
    decided: int | None
    sources: int
    binaries: int
    rules: SuiteRules
    is_open: bool = False  # the repository takes unsigned uploads
    is_private: bool = False


def find_suite(name: str) -> SuiteRow | None:
    """The distribution called *name*."""
    numbers = Publication.objects.filter(distribution=OuterRef("pk")).order_by("-number")
    shown = numbers.filter(published_at__isnull=False)
    # As the conditions of the two partial indexes, which makes counting cheap.
    entries = SuiteEntry.objects.filter(distribution=OuterRef("pk"), removed_in=None)
    row = (
        visible(Distribution.objects.all(), "repository__name")
        .select_related("repository", "base", "suite")
        .prefetch_related("architectures")
        .annotate(
            shown=Subquery(shown.values("number")[:1]),
            decided=Subquery(numbers.values("number")[:1]),
            # The ids make SQLite choose the index of just those.
            sources_now=_counted(entries.filter(binary=None, source__gt=0)),
            binaries_now=_counted(entries.filter(binary__isnull=False)),
        )
        .filter(name=name)
        .first()
    )
    if row is None:
        return None
    others = list(
        Distribution.objects.filter(repository=row.repository)
        .exclude(pk=row.pk)
        .select_related("suite")
    )
    return SuiteRow(
        id=row.pk,
        name=row.name,
        repository=row.repository.name,
        base=f"{row.base.vendor} {row.base.codename}",
        suite=row.suite.name,
        purpose=row.suite.purpose,
        accepts_uploads=row.suite.accepts_uploads,
        version_ending=version_mark(row.repository.name, row.base.version_code)
        + VersionRule(row.suite.version_rule).example,
        architectures=tuple(each.architecture for each in row.architectures.all()),
        way=tuple(_way(row, others)),
        siblings=tuple(each.name for each in others),
        frozen=_frozen(row),
        shown=row.shown,
        decided=row.decided,
        sources=row.sources_now or 0,
        binaries=row.binaries_now or 0,
        rules=rules_of(row),
        is_open=row.repository.is_open,
        is_private=row.repository.is_private,
    )


def _counted(entries: QuerySet[SuiteEntry]) -> Subquery:
    """How many there are, as a part of another question; None for none."""
    counted = entries.order_by().values("distribution").annotate(count=Count("pk"))
    return Subquery(counted.values("count"))


def _way(row: Distribution, others: Iterable[Distribution]) -> Iterator[str]:
    ours: Mapping[int, Distribution] = {
        each.suite_id: each for each in others if each.base_id == row.base_id
    }
    seen, at = {row.suite_id}, row.suite.migrates_to_id
    while at is not None and at in ours and at not in seen:
        seen.add(at)
        yield ours[at].name
        at = ours[at].suite.migrates_to_id


def _frozen(row: Distribution) -> Frozen | None:
    if row.frozen_at is None:
        return None
    return Frozen(row.name, row.frozen_at, row.frozen_by, row.frozen_reason)


def list_frozen() -> tuple[Frozen, ...]:
    """Every suite that is frozen, by name."""
    rows = visible(Distribution.objects.filter(frozen_at__isnull=False), "repository__name")
    rows = rows.order_by("name")
    return tuple(found for found in map(_frozen, rows) if found is not None)
