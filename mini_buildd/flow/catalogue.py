"""Keep the catalogue (archive.catalogue) up with what the suites have.

Each suite's new versions are gone through once, after they were decided: what came is entered, and
what has left its last suite is taken out. It follows the database at its own pace, and nobody waits
for it; interrupted anywhere, it goes on with what is missing.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum

from mini_buildd.archive.catalogue import (
    BinaryEntry,
    Catalogue,
    Mark,
    Need,
    Size,
    SourceEntry,
    writing,
)
from mini_buildd.archive.contents import unpack_listing
from mini_buildd.config.places import Places
from mini_buildd.db.models import Binary, Distribution, Publication, Source, SuiteEntry
from mini_buildd.deb.deb822 import MalformedControl, Paragraph, parse_paragraph
from mini_buildd.deb.names import MalformedName
from mini_buildd.deb.relations import parse_relations
from mini_buildd.kit.parts import in_parts

_NEEDS = {
    "Pre-Depends": Need.DEPENDS,
    "Depends": Need.DEPENDS,
    "Recommends": Need.RECOMMENDS,
    "Suggests": Need.SUGGESTS,
    "Provides": Need.PROVIDES,
}
_BUILD_NEEDS = ("Build-Depends", "Build-Depends-Arch", "Build-Depends-Indep")


def keep_catalogue(places: Places, is_ending: Callable[[], bool] = lambda: False) -> None:
    """Enter what is new in any suite; stops soon when *is_ending* says so."""
    newest = _newest()
    with writing(places.catalogue) as catalogue:
        marks = catalogue.marks()
        if _are_of_another_past(marks, newest):
            catalogue.begin_anew()
            marks = {}
        for suite, mark in newest.items():
            known = marks.get(suite, Mark(0, ""))
            if known != mark and not _follow(catalogue, suite, known, mark, is_ending):
                return


def _newest() -> Mapping[int, Mark]:
    """The newest version of each suite that has one."""
    numbers = Publication.objects.filter(distribution=OuterRef("pk")).order_by("-number")
    rows = Distribution.objects.order_by("pk").annotate(
        newest=Subquery(numbers.values("number")[:1]),
        decided=Subquery(numbers.values("decided_at")[:1]),
    )
    return {
        pk: Mark(number, at.isoformat())
        for pk, number, at in rows.values_list("pk", "newest", "decided")
        if number is not None
    }


def _are_of_another_past(marks: Mapping[int, Mark], newest: Mapping[int, Mark]) -> bool:
    """Whether there is what the database has not, as after that was restored from a backup."""
    if not marks.keys() <= newest.keys():
        return True
    for suite, mark in marks.items():
        if mark != newest[suite]:
            rows = Publication.objects.filter(distribution=suite, number=mark.number)
            at: datetime | None = rows.values_list("decided_at", flat=True).first()
            if at is None or at.isoformat() != mark.dated:
                return True
    return False


def _follow(
    catalogue: Catalogue, suite: int, old: Mark, new: Mark, is_ending: Callable[[], bool]
) -> bool:
    """Enter what the versions after *old* up to *new* have changed; whether all of it is there."""
    entries = SuiteEntry.objects.filter(distribution=suite)
    came = entries.filter(added_in__gt=old.number, added_in__lte=new.number, removed_in=None)
    sources = came.filter(binary=None).values_list("source_id", flat=True)
    for part in in_parts(sources):
        catalogue.add_sources(_sources(catalogue.lacks_sources(part)))
        if is_ending():
            return False
    binaries = came.filter(binary__isnull=False).values_list("binary_id", flat=True)
    for part in in_parts(binaries):
        catalogue.add_binaries(_binaries(catalogue.lacks_binaries(part)))
        if is_ending():
            return False
    if old.number:
        _take_out(catalogue, entries.filter(removed_in__gt=old.number, removed_in__lte=new.number))
    catalogue.set_mark(suite, new, _sizes(catalogue.last_size(suite), suite, old, new))
    return True


def _take_out(catalogue: Catalogue, went: QuerySet[SuiteEntry]) -> None:
    sources = set(went.filter(binary=None).values_list("source_id", flat=True))
    binaries = set(went.filter(binary__isnull=False).values_list("binary_id", flat=True))
    there = SuiteEntry.objects.filter(removed_in=None)
    for part in in_parts(sources):
        still = there.filter(source__in=part, binary=None).values_list("source_id", flat=True)
        catalogue.remove_sources(set(part) - set(still))
    for part in in_parts(binaries):
        kept = there.filter(binary__in=part).values_list("binary_id", flat=True)
        catalogue.remove_binaries(set(part) - set(kept))


# --- what is entered ----------------------------------------------------------------


def _sources(ids: Collection[int]) -> Iterator[SourceEntry]:
    rows = Source.objects.filter(pk__in=ids).order_by()
    for pk, repository, name, version, text in rows.values_list(
        "pk", "distribution__repository", "name", "version", "paragraph"
    ):
        fields = _read(text)
        yield SourceEntry(
            id=pk,
            repository=repository,
            name=name,
            version=version,
            people=frozenset(_people(fields)),
            needs=frozenset(
                each for field in _BUILD_NEEDS for each in _names(_field(fields, field))
            ),
        )


def _people(fields: Paragraph | None) -> Iterator[str]:
    """Maintainer and Uploaders: "Ada Lovelace <ada@example.org>, …" (Debian Policy 5.6.2, 5.6.3).

    A comma ends one of them only after an address: names may have commas, too.
    """
    for name in ("Maintainer", "Uploaders"):
        for each in _field(fields, name).replace("\n", " ").split(">,"):
            person = each.strip(" ,")
            if person:
                yield person if person.endswith(">") or "<" not in person else f"{person}>"


def _binaries(ids: Collection[int]) -> Iterator[BinaryEntry]:
    rows = Binary.objects.filter(pk__in=ids).order_by()
    for pk, repository, source, package, text, listing in rows.values_list(
        "pk",
        "source__distribution__repository",
        "source",
        "package",
        "paragraph",
        "listing__paths",
    ).iterator(100):
        fields = _read(text)
        summary, _, description = _field(fields, "Description").partition("\n")
        yield BinaryEntry(
            id=pk,
            repository=repository,
            source=source,
            package=package,
            summary=summary,
            description=description,
            paths=tuple(unpack_listing(bytes(listing or b""))),
            needs=frozenset(
                (kind, each)
                for field, kind in _NEEDS.items()
                for each in _names(_field(fields, field))
            ),
        )


def _read(text: str | None) -> Paragraph | None:
    try:
        return parse_paragraph((text or "").encode())
    except MalformedControl:
        return None


def _field(fields: Paragraph | None, name: str) -> str:
    return (fields.get(name) if fields is not None else None) or ""


def _names(field: str) -> Iterable[str]:
    """The names in a relation field; none of one that cannot be read."""
    try:
        return {str(each.name) for group in parse_relations(field) for each in group}
    except (MalformedControl, MalformedName):
        return ()


# --- how much a suite has -----------------------------------------------------------


def _sizes(last: Size, suite: int, old: Mark, new: Mark) -> Iterator[Size]:
    """The sizes of all versions after *old*, counted on from *last*."""
    rows = Publication.objects.filter(
        distribution=suite, number__gt=old.number, number__lte=new.number
    )
    came, went = _moved(suite, "added_in", old, new), _moved(suite, "removed_in", old, new)
    counts = [last.sources, last.binaries, last.size_bytes]
    for number, at in rows.order_by("number").values_list("number", "decided_at"):
        more, less = came.get(number, (0, 0, 0)), went.get(number, (0, 0, 0))
        counts = [have + one - two for have, one, two in zip(counts, more, less, strict=True)]
        yield Size(number, at.isoformat(), *counts)


def _moved(suite: int, edge: str, old: Mark, new: Mark) -> Mapping[int, tuple[int, int, int]]:
    """Sources, binaries and bytes that came or went with each version."""
    entries = SuiteEntry.objects.filter(
        distribution=suite, **{f"{edge}__gt": old.number, f"{edge}__lte": new.number}
    ).order_by()
    sources = entries.filter(binary=None).values_list(edge)
    counted = dict(sources.annotate(Count("pk")))
    weighed = dict(sources.annotate(Sum("source__files__file__size_bytes")))
    built = entries.filter(binary__isnull=False).values_list(edge)
    found = {
        number: (count, size or 0)
        for number, count, size in built.annotate(Count("pk"), Sum("binary__file__size_bytes"))
    }
    return {
        number: (
            counted.get(number, 0),
            found.get(number, (0, 0))[0],
            (weighed.get(number) or 0) + found.get(number, (0, 0))[1],
        )
        for number in {*counted, *found}
    }
