"""In what two versions of a suite, or two suites, differ."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

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


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the differences of two versions, in the order of names.

    *names* counts the source packages in which they may differ, all parts taken together; *next*
    is what the next part goes on after, None in the last one.
    """

    differences: tuple[Difference, ...]
    names: int
    next: str | None


def compare_part(before: At, after: At, *, beyond: str = "", count: int = 500) -> Part:
    """As compare, but of no more than *count* source packages, those later than *beyond*.

    However large the suites, only names are read of what lies outside of the part.
    """
    names = sorted({*_only_in(before, after), *_only_in(after, before)})
    later = [name for name in names if name > beyond]
    part = later[:count]
    found = tuple(differences(held(before, part), held(after, part))) if part else ()
    return Part(found, len(names), part[-1] if len(later) > count else None)


def _only_in(this: At, that: At) -> Iterator[str]:
    """The names of the source packages of which *this* has something that *that* has not."""
    here = entries_at(this.distribution, this.number)
    there = entries_at(that.distribution, that.number)
    if this.distribution == that.distribution:  # then no more than what ended or began in between
        if this.number < that.number:
            here = here.filter(removed_in__lte=that.number)
        else:
            here = here.filter(added_in__gt=that.number)
    for rows, what, also in (
        (here.filter(binary=None), "source", there.filter(binary=None)),
        (here.filter(binary__isnull=False), "binary", there.filter(binary__isnull=False)),
    ):
        only = rows.exclude(**{f"{what}__in": also.values(what)})
        yield from only.order_by().values_list("source__name", flat=True).distinct()


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
    values = rows.order_by("source__name", "source__version").values_list(
        "source__name",
        "source__version",
        "binary__package",
        "binary__version",
        "binary__architecture",
    )
    # Name by name: a large suite would fill the memory twice over otherwise.
    return {
        name: _versions(group)
        for name, group in groupby(values.iterator(1000), key=lambda row: row[0])
    }


def _versions(
    rows: Iterable[tuple[str, str, str | None, str | None, str | None]],
) -> tuple[Held, ...]:
    """The versions of one source package, the latest first."""
    found: dict[Version, list[str]] = {}
    for _, version, *binary in rows:
        labels = found.setdefault(Version(version), [])
        if binary[0] is not None:
            labels.append(" ".join(map(str, binary)))
    return tuple(Held(version, tuple(sorted(found[version]))) for version in latest_first([*found]))
