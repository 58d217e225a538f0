"""Many source packages into a version of a suite at once.

Revision.add asks about each by itself, which takes minutes for tens of thousands.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from mini_buildd.db.models import Binary, Source, SuiteEntry
from mini_buildd.deb.version import Version
from mini_buildd.domain.suite_version import latest_first
from mini_buildd.flow.revise import Revision
from mini_buildd.kit.parts import in_parts


def enter(
    revision: Revision, wanted: Mapping[int, Collection[int]], *, keeps_all: bool = False
) -> None:
    """Let the suite have the source packages of these ids, each with binary packages of these.

    Older versions of them go when there are more than the suite keeps, unless *keeps_all*.
    """
    for part in in_parts(wanted):
        there = _there(revision, part)
        had_binaries = {source for source, binary in there if binary is not None}
        revision.enter(
            SuiteEntry(source_id=source, binary_id=binary)
            for source in part
            for binary in (None, *sorted(wanted[source]))
            if (source, binary) not in there
        )
        revision.drop_replaced(had_binaries)
    _widen(revision, wanted)
    if not keeps_all:
        _thin_out(revision, wanted)


def _there(revision: Revision, sources: Collection[int]) -> set[tuple[int, int | None]]:
    entries = SuiteEntry.objects.filter(
        distribution=revision.publication.distribution, removed_in=None, source__in=sources
    )
    return set(entries.values_list("source_id", "binary_id"))


def _widen(revision: Revision, wanted: Mapping[int, Collection[int]]) -> None:
    """Let the version have all areas that these packages belong to."""
    components: set[str] = set()
    kinds: set[tuple[str, bool, bool]] = set()
    for part in in_parts(wanted):
        rows = Source.objects.filter(pk__in=part)
        components.update(rows.values_list("component", flat=True))
    for part in in_parts(binary for binaries in wanted.values() for binary in binaries):
        found = Binary.objects.filter(pk__in=part)
        kinds.update(found.values_list("component", "is_udeb", "is_debug").distinct())
    revision.widen(sorted(components), kinds)


def _thin_out(revision: Revision, wanted: Collection[int]) -> None:
    kept = revision.publication.distribution.suite.kept_versions
    for versions in _versions(revision, wanted):
        for version in latest_first(list(versions))[kept:]:
            revision.remove(versions[version])


def _versions(revision: Revision, wanted: Collection[int]) -> Iterator[dict[Version, Source]]:
    """Of each source package, all versions that the suite has now."""
    entries = SuiteEntry.objects.filter(
        distribution=revision.publication.distribution, removed_in=None, binary=None
    )
    for part in in_parts(wanted):
        names = Source.objects.filter(pk__in=part).values_list("name", flat=True)
        # By the names first: a suite has any number of entries.
        rows = Source.objects.filter(name__in=list(names)).only("name", "version")
        same = {row.pk: row for row in rows}
        found: defaultdict[str, dict[Version, Source]] = defaultdict(dict)
        for keys in in_parts(same):
            for key in entries.filter(source__in=keys).values_list("source_id", flat=True):
                found[same[key].name][Version(same[key].version)] = same[key]
        yield from found.values()
