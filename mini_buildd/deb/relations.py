"""Relations between packages, as builds have them (Debian Policy 7.1, deb-src-control(5)).

A field is a list of groups; of a group's alternatives one is enough. Each may be restricted to a
version, to architectures and to build profiles.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from mini_buildd.deb.architectures import covers
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.names import Architecture, ArchitectureWildcard, PackageName
from mini_buildd.deb.version import Version, compare

_RELATION = re.compile(
    r"(?P<name>[^\s:()\[\]<>|,]+)(?::(?P<qualifier>[a-z0-9-]+))?\s*"
    r"(?:\(\s*(?P<operator><<|<=|=|>=|>>|<|>)\s*(?P<version>[^\s()]+)\s*\)\s*)?"
    r"(?:\[(?P<architectures>[^\[\]]*)\]\s*)?"
    r"(?P<profiles>(?:<[^<>]*>\s*)*)"
)
_PROFILES = re.compile(r"<([^<>]*)>")
# The old < and > stand for what they once meant, not for what they look like (Policy 7.1).
_OLD_OPERATORS = {"<": "<=", ">": ">="}


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can meet a relation: *package* under its own *name* or one that it provides.

    Provided without a version, it has none.
    """

    name: str
    version: Version | None
    package: str


@dataclass(frozen=True, slots=True)
class Relation:
    """One alternative. *architectures* and *profiles* are its restrictions as they stood.

    The *qualifier* (:any, :native, or an architecture) is kept and not judged: that takes apt.
    """

    name: PackageName
    qualifier: str = ""
    operator: str = ""
    version: Version | None = None
    architectures: tuple[str, ...] = ()
    profiles: tuple[tuple[str, ...], ...] = ()

    def __str__(self) -> str:
        """As fields have it, without the restrictions on architectures and profiles."""
        qualifier = f":{self.qualifier}" if self.qualifier else ""
        version = f" ({self.operator} {self.version})" if self.version is not None else ""
        return f"{self.name}{qualifier}{version}"

    def holds(self, architecture: Architecture, profiles: Collection[str]) -> bool:
        """Whether it counts in a build for *architecture* with these build *profiles*."""
        return _concerns(self.architectures, architecture) and _applies(self.profiles, profiles)

    def allows(self, version: Version | None) -> bool:
        """Whether the package may have that version; None is what is provided without one."""
        if self.version is None:
            return True
        if version is None:
            return False
        order = compare(version, self.version)
        return {
            "<<": order < 0,
            "<=": order <= 0,
            "=": order == 0,
            ">=": order >= 0,
            ">>": order > 0,
        }[self.operator]

    def is_met_by(self, offer: Offer) -> bool:
        """Whether *offer* has the name and a version that fits."""
        return offer.name == self.name and self.allows(offer.version)


Group = tuple[Relation, ...]


def words(group: Group) -> str:
    """The alternatives as a field has them."""
    return " | ".join(str(relation) for relation in group)


def _concerns(restrictions: Iterable[str], architecture: Architecture) -> bool:
    """As dpkg has it: the first one that matches decides, else whether any of them is negated."""
    is_there, has_negation = False, False
    for word in restrictions:
        is_there = True
        has_negation = has_negation or word.startswith("!")
        if covers(ArchitectureWildcard(word.removeprefix("!")), architecture):
            return not word.startswith("!")
    return has_negation or not is_there


def _applies(formula: Collection[tuple[str, ...]], profiles: Collection[str]) -> bool:
    """One of the lists must hold, and in it each word (Policy 7.1)."""
    return not formula or any(
        all((word.removeprefix("!") in profiles) != word.startswith("!") for word in words_)
        for words_ in formula
    )


def parse_relation(text: str) -> Relation:
    """One alternative; raises MalformedControl, MalformedName."""
    match = _RELATION.fullmatch(text.strip())
    if match is None:
        raise MalformedControl(f"{text.strip()[:80]!r} is not a relation")
    operator = match["operator"] or ""
    return Relation(
        name=PackageName(match["name"]),
        qualifier=match["qualifier"] or "",
        operator=_OLD_OPERATORS.get(operator, operator),
        version=Version(match["version"]) if match["version"] else None,
        architectures=tuple((match["architectures"] or "").split()),
        profiles=tuple(tuple(each.split()) for each in _PROFILES.findall(match["profiles"])),
    )


def parse_group(text: str) -> Group:
    """Alternatives with | between them; raises MalformedControl, MalformedName."""
    return tuple(parse_relation(part) for part in text.split("|"))


def parse_relations(text: str) -> tuple[Group, ...]:
    """A whole field; raises MalformedControl, MalformedName."""
    return tuple(parse_group(part) for part in text.split(",") if part.strip())


def parse_provides(text: str) -> tuple[tuple[str, Version | None], ...]:
    """The names in a Provides field with their versions; raises as the others."""
    return tuple((relation.name, relation.version) for relation, *_ in parse_relations(text))


@dataclass(frozen=True, slots=True)
class BuildRelations:
    """What a build needs, and what must not be there when it begins."""

    depends: tuple[Group, ...]
    conflicts: tuple[Relation, ...]


def build_relations(
    fields: Mapping[str, str],
    *,
    architecture: Architecture,
    profiles: Collection[str],
    builds_any: bool,
    builds_all: bool,
) -> BuildRelations:
    """What of the *fields* (names in lower case) of a .dsc holds for a build.

    -Arch counts when packages of an architecture are made, -Indep when those for all are (Policy
    7.7). Raises MalformedControl, MalformedName.
    """
    endings = ["", *["-arch"] * builds_any, *["-indep"] * builds_all]

    def read(kind: str) -> tuple[Group, ...]:
        found = [parse_relations(fields.get(f"build-{kind}{ending}") or "") for ending in endings]
        groups = (
            tuple(_plain(each) for each in group if each.holds(architecture, profiles))
            for groups in found
            for group in groups
        )
        return tuple(group for group in groups if group)

    conflicts = tuple(relation for group in read("conflicts") for relation in group)
    return BuildRelations(read("depends"), conflicts)


def _plain(relation: Relation) -> Relation:
    """Without the restrictions, which have been applied."""
    return replace(relation, architectures=(), profiles=())
