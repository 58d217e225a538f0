"""Which binary packages of a source a suite has, or is to have, when some were built again.

A rebuild (+bN) is for the suite that its source was uploaded to. Others get it as they get the
source: by migration or as a copy.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from django.db.models import Q, QuerySet

from mini_buildd.db.models import Binary, Distribution, Source, SuiteEntry
from mini_buildd.deb.version import Version
from mini_buildd.domain.binnmu import Built, current
from mini_buildd.kit.parts import in_parts


def built_of(rows: QuerySet[Binary]) -> Iterator[tuple[int, Built]]:
    """Each of *rows*, with its source."""
    fields = ("source", "pk", "package", "version", "architecture", "attempt__job__binnmu")
    for source, pk, package, version, architecture, number in rows.order_by().values_list(*fields):
        yield source, Built(pk, package, Version(version), architecture, number or 0)


def present_binaries(distribution: Distribution, sources: Collection[int]) -> QuerySet[Binary]:
    """The binary packages of *sources* that *distribution* has."""
    entries = SuiteEntry.objects.filter(
        distribution=distribution, source__in=sources, removed_in=None, binary__isnull=False
    )
    return Binary.objects.filter(pk__in=entries.values("binary"))


def lacking(distribution: Distribution, source: Source) -> list[Binary]:
    """The binary packages of *source* that *distribution*, which has it, is to get."""
    there = dict(_pairs(present_binaries(distribution, [source.pk])))
    for_it = Binary.objects.filter(source=source)
    if source.distribution_id != distribution.pk:
        for_it = for_it.filter(Q(attempt=None) | Q(attempt__job__binnmu=0))
    known = {**dict(_pairs(for_it)), **there}
    wanted = current(known.values()) - there.keys()
    return list(Binary.objects.filter(pk__in=wanted))


def _pairs(rows: QuerySet[Binary]) -> Iterator[tuple[int, Built]]:
    return ((built.id, built) for _, built in built_of(rows))


def replaced(distribution: Distribution, sources: Iterable[int]) -> Iterator[int]:
    """The binary packages in *distribution* in whose place it has others of the same source."""
    for part in in_parts(sources):
        found: defaultdict[int, list[Built]] = defaultdict(list)
        for source, built in built_of(present_binaries(distribution, list(part))):
            found[source].append(built)
        for group in found.values():
            yield from {built.id for built in group} - current(group)
