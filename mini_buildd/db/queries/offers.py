"""What our own suites offer to builds: packages by name, and what they provide."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import Max, QuerySet

from mini_buildd.db.models import Binary, Publication, SuiteEntry
from mini_buildd.deb.deb822 import MalformedControl, Paragraph, parse_paragraph
from mini_buildd.deb.names import MalformedName
from mini_buildd.deb.relations import Group, parse_provides, parse_relations
from mini_buildd.deb.version import Version
from mini_buildd.domain.order import Available
from mini_buildd.kit.parts import in_parts

Provided = Mapping[str, tuple[int, ...]]


def shown_numbers(distributions: Iterable[str]) -> Mapping[str, int]:
    """The newest published version of each of these suites that has one."""
    rows = Publication.objects.filter(
        distribution__name__in=list(distributions), published_at__isnull=False
    )
    found = rows.order_by().values_list("distribution__name").annotate(Max("number"))
    return dict(found)


def _visible(shown: Mapping[str, int]) -> QuerySet[SuiteEntry]:
    """The packages of the suites *shown*, but for what was decided after that."""
    return SuiteEntry.objects.filter(
        distribution__name__in=list(shown), removed_in=None, binary__is_udeb=False
    )


def offers_of(
    names: Iterable[str], shown: Mapping[str, int], architecture: str
) -> Mapping[str, list[Available]]:
    """The packages called one of *names* in the suites *shown*, by name."""
    found: defaultdict[str, list[Available]] = defaultdict(list)
    for part in in_parts(set(names) if shown else ()):
        rows = _visible(shown).filter(
            binary__package__in=part, binary__architecture__in=(architecture, "all")
        )
        for distribution, added_in, package, version, paragraph in rows.values_list(
            "distribution__name",
            "added_in",
            "binary__package",
            "binary__version",
            "binary__paragraph",
        ):
            if added_in <= shown[distribution]:
                depends = _depends(_read(paragraph))
                found[package].append(Available(package, Version(version), package, depends))
    return found


def provided_names(distribution: str, number: int) -> Provided:
    """The names that packages of the suite in that version provide, with the binaries' ids.

    It looks through all of the suite: to be asked once for each version.
    """
    rows = _visible({distribution: number}).filter(binary__paragraph__contains="\nProvides: ")
    found: defaultdict[str, set[int]] = defaultdict(set)
    for pk, added_in, text in rows.values_list("binary", "added_in", "binary__paragraph"):
        if added_in <= number and pk is not None:
            for name, _ in _provides(_read(text)):
                found[name].add(pk)
    return {name: tuple(sorted(ids)) for name, ids in found.items()}


def provided_offers(name: str, ids: Iterable[int], architecture: str) -> list[Available]:
    """*name* as these binaries provide it for *architecture*."""
    rows = Binary.objects.filter(pk__in=list(ids), architecture__in=(architecture, "all"))
    found = []
    for package, text in rows.order_by().values_list("package", "paragraph"):
        paragraph = _read(text)
        depends = _depends(paragraph)
        found += [
            Available(name, version, package, depends)
            for provided, version in _provides(paragraph)
            if provided == name
        ]
    return found


def names_brought(distribution: str, number: int) -> set[str]:
    """Every name that version *number* of the suite has anew: packages and what they provide."""
    rows = SuiteEntry.objects.filter(
        distribution__name=distribution, added_in=number, binary__isnull=False
    )
    found: set[str] = set(rows.values_list("binary__package", flat=True))
    providing = rows.filter(binary__paragraph__contains="\nProvides: ")
    for text in providing.values_list("binary__paragraph", flat=True):
        found.update(name for name, _ in _provides(_read(text or "")))
    return found


def sources_brought(distribution: str, number: int) -> list[str]:
    """The paragraphs of the source packages that version *number* of the suite has anew."""
    rows = SuiteEntry.objects.filter(distribution__name=distribution, added_in=number, binary=None)
    return list(rows.values_list("source__paragraph", flat=True))


def _read(text: str | None) -> Paragraph | None:
    try:
        return parse_paragraph((text or "").encode())
    except MalformedControl:
        return None


def _provides(paragraph: Paragraph | None) -> tuple[tuple[str, Version | None], ...]:
    try:
        return parse_provides((paragraph and paragraph.get("Provides")) or "")
    except (MalformedControl, MalformedName):
        return ()


def _depends(paragraph: Paragraph | None) -> tuple[Group, ...]:
    """What a package needs to be installed; nothing when it cannot be read: apt will tell."""
    fields = [(paragraph and paragraph.get(name)) or "" for name in ("Pre-Depends", "Depends")]
    try:
        return tuple(group for field in fields for group in parse_relations(field))
    except (MalformedControl, MalformedName):
        return ()
