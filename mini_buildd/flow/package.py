"""What is to be told of a source package beyond its rows: what it needs, and what needs it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mini_buildd.archive import catalogue_read
from mini_buildd.archive.catalogue import Need
from mini_buildd.db.queries.package import BinaryRow, Needer, needing_binaries, needing_sources
from mini_buildd.deb.deb822 import MalformedControl, Paragraph, parse_paragraph
from mini_buildd.deb.names import MalformedName
from mini_buildd.deb.relations import Group, parse_relations
from mini_buildd.flow.asked import asking

# Of a library that everything needs, so many are told.
MOST_NEEDERS = 500
# A team may have thousands; the list of them comes in pages.
_MOST_MAINTAINED = 100_000

RELATIONS = (
    "Pre-Depends",
    "Depends",
    "Recommends",
    "Suggests",
    "Enhances",
    "Provides",
    "Conflicts",
    "Breaks",
    "Replaces",
)
BUILD_RELATIONS = (
    "Build-Depends",
    "Build-Depends-Arch",
    "Build-Depends-Indep",
    "Build-Conflicts",
    "Build-Conflicts-Arch",
    "Build-Conflicts-Indep",
)


@dataclass(frozen=True, slots=True)
class Related:
    """A relation field: its alternatives in groups, or *text* where it cannot be read."""

    field: str
    groups: tuple[Group, ...]
    text: str = ""


_KINDS = (Need.DEPENDS, Need.RECOMMENDS, Need.SUGGESTS, Need.BUILD)


@dataclass(frozen=True, slots=True)
class NeededBy:
    """The packages that need it in one way; *is_all* when no more do."""

    kind: Need
    needers: tuple[Needer, ...]
    is_all: bool


def needed_by(name: str, binaries: Iterable[BinaryRow]) -> tuple[NeededBy, ...]:
    """What needs any of these *binaries* of the source package *name*, but for itself."""
    rows = {each.id: each.package for each in binaries if not each.is_debug}
    with asking(MOST_NEEDERS) as asked:
        if asked is None or not rows:
            return ()
        names = {*rows.values(), *catalogue_read.provided_by(asked, rows)}
        found = {kind: catalogue_read.needing(asked, names, kind) for kind in _KINDS}
    built = needing_sources(found[Need.BUILD])
    others = needing_binaries(pk for kind in _KINDS if kind is not Need.BUILD for pk in found[kind])
    told = []
    for kind, ids in found.items():
        known = built if kind is Need.BUILD else others
        rows_ = {known[pk] for pk in ids if pk in known and known[pk].source != name}
        if rows_:
            ordered = tuple(sorted(rows_, key=lambda each: (each.source, each.package)))
            told.append(NeededBy(kind, ordered, len(ids) < MOST_NEEDERS))
    return tuple(told)


def summaries(sources: Iterable[int]) -> Mapping[int, str]:
    """What each of these source packages is, in a few words; those that no suite has lack them."""
    with asking() as asked:
        return catalogue_read.summaries(asked, sources) if asked is not None else {}


def known_packages(fields: Iterable[Related]) -> frozenset[str]:
    """The binary packages of this instance among those that *fields* name."""
    names = {str(each.name) for field in fields for group in field.groups for each in group}
    with asking() as asked:
        return (
            catalogue_read.known_packages(asked, names)
            if asked is not None and names
            else (frozenset())
        )


def maintained_by(person: str) -> frozenset[str]:
    """The names of source packages that name *person* as a maintainer."""
    with asking(_MOST_MAINTAINED) as asked:
        return frozenset(catalogue_read.maintained_by(asked, person) if asked is not None else ())


def relations(paragraph: str, fields: Sequence[str] = RELATIONS) -> tuple[Related, ...]:
    """Those of *fields* that the paragraph has."""
    read = read_paragraph(paragraph)
    values = ((name, (read.get(name) or "") if read is not None else "") for name in fields)
    return tuple(_related(name, value) for name, value in values if value)


def _related(name: str, value: str) -> Related:
    try:
        return Related(name, parse_relations(value))
    except (MalformedControl, MalformedName):
        return Related(name, (), value)


def read_paragraph(text: str) -> Paragraph | None:
    """The fields of *text*; None of what is none."""
    try:
        return parse_paragraph(text.encode())
    except MalformedControl:
        return None
