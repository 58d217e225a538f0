"""In what two versions of a suite, or two suites, differ."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mini_buildd.db.models import Distribution, Source, SuiteEntry
from mini_buildd.deb.version import Version
from mini_buildd.domain.suite_version import Difference, Held, differences, latest_first
from mini_buildd.flow.content import entries_at


@dataclass(frozen=True, slots=True)
class At:
    """A version of a suite."""

    distribution: Distribution
    number: int


def compare(before: At, after: At) -> tuple[Difference, ...]:
    """What *after* has otherwise than *before*, by source package."""
    names: Collection[str] | None = None
    if before.distribution == after.distribution:
        names = _touched(before.distribution, *sorted((before.number, after.number)))
    return tuple(differences(held(before, names), held(after, names)))


def _touched(distribution: Distribution, old: int, new: int) -> set[str]:
    """The source packages of which something began or ended after version *old* up to *new*."""
    entries = SuiteEntry.objects.filter(distribution=distribution)
    # One by one: each of the two has an index.
    return {
        name
        for part in (
            entries.filter(added_in__gt=old, added_in__lte=new),
            entries.filter(removed_in__gt=old, removed_in__lte=new),
        )
        for name in part.values_list("source__name", flat=True)
    }


def held(at: At, names: Collection[str] | None = None) -> Mapping[str, tuple[Held, ...]]:
    """The source packages, all or those of *names*, each in its versions, the latest first."""
    rows = entries_at(at.distribution, at.number)
    if names is not None:
        rows = rows.filter(source__in=Source.objects.filter(name__in=names))
    found: dict[str, dict[str, set[str]]] = defaultdict(dict)
    for name, version, package, made, architecture in rows.values_list(
        "source__name",
        "source__version",
        "binary__package",
        "binary__version",
        "binary__architecture",
    ):
        binaries = found[name].setdefault(version, set())
        if package is not None:
            binaries.add(f"{package} {made} {architecture}")
    return {name: _ordered(versions) for name, versions in found.items()}


def _ordered(versions: Mapping[str, set[str]]) -> tuple[Held, ...]:
    order = latest_first([Version(text) for text in versions])
    return tuple(Held(version, frozenset(versions[version])) for version in order)
