"""The order of builds: whether a job can be built yet, and if not, what it waits for.

A dependency that nothing offers is waited for (it is *hard*). One that is there, and of which a
newer version is about to come from an upload to the same distribution, is waited for as long as
that is so (it is *soft*): packages that were uploaded together are built with each other.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mini_buildd.deb.relations import BuildRelations, Group, Offer, Relation, parse_group, words
from mini_buildd.deb.version import Version, compare

_SOFT = "newer "
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Maker:
    """A source package that is about to come, and the packages it makes."""

    source_id: int
    name: str
    version: Version
    distribution: str
    packages: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class Available(Offer):
    """An offer that is published; *depends* is what its package depends on, where that is ours."""

    depends: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """What a job waits for: one of *group*, and who is about to bring it, if anybody is.

    *needed_by* is the package that depends on it, when the source itself does not. *there* are the
    versions that there are, which do not fit. *circle* are the names of sources that wait for each
    other, when that is so.
    """

    group: Group
    maker: Maker | None
    is_soft: bool = False
    needed_by: str = ""
    there: tuple[str, ...] = ()
    circle: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """As it is kept with the job."""
        return (_SOFT if self.is_soft else "") + words(self.group)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a build can see. *find* and *makers* are asked by the name of a package.

    Of what is *frozen* nobody knows when its newer packages come: nothing waits for them that can
    do without. When *knows_base* is not set, the base distribution may have more than *find* tells.
    *waits_for_us* tells of the source with an id whether it waits for the job's own one; *circle*
    gives the names on that way, when it needs it and not only waits for a newer one.
    """

    source_id: int
    distribution: str
    find: Callable[[str], Sequence[Available]]
    makers: Callable[[str], Sequence[Maker]]
    knows_base: bool
    frozen: frozenset[str]
    waits_for_us: Callable[[int], bool]
    circle: Callable[[int], tuple[str, ...]]


def find_missing(relations: BuildRelations, sight: Sight) -> tuple[Missing, ...]:
    """What a job with these build *relations* has to wait for; nothing when it can be built."""
    missing: list[Missing] = []
    seen: set[Group] = set()
    todo = [(group, "") for group in relations.depends]
    while todo:
        group, needed_by = todo.pop(0)
        if group in seen:
            continue
        seen.add(group)
        best = _best(group, sight, relations.conflicts)
        found = _lacking(group, needed_by, sight) if best is None else None
        if best is not None:
            todo += [(each, best.package) for each in best.depends]
            found = None if needed_by else _newer(best, sight)
        if found is not None:
            missing.append(found)
    return tuple(missing)


def _best(group: Group, sight: Sight, conflicts: Collection[Relation]) -> Available | None:
    """Of what meets *group* the latest version of the first alternative that is there."""
    for relation in group:
        usable = [
            offer
            for offer in sight.find(relation.name)
            if relation.is_met_by(offer) and not any(each.is_met_by(offer) for each in conflicts)
        ]
        if usable:
            return max(usable, key=_Latest)
    return None


class _Latest:
    """Sorts offers by version; those that have none come first."""

    def __init__(self, offer: Offer) -> None:
        self.version = offer.version

    def __lt__(self, other: "_Latest") -> bool:
        if self.version is None or other.version is None:
            return self.version is None and other.version is not None
        return compare(self.version, other.version) < 0


def _lacking(group: Group, needed_by: str, sight: Sight) -> Missing | None:
    """Nothing meets *group*; where nobody knows the base, only somebody who brings it counts."""
    maker = next(_bringing(group, sight), None)
    if maker is None:
        if not sight.knows_base:
            return None
        there = {str(offer.version) for each in group for offer in sight.find(each.name)}
        there.discard("None")
        return Missing(group, None, needed_by=needed_by, there=tuple(sorted(there)))
    if not sight.knows_base:
        is_vain = maker.distribution in sight.frozen or sight.waits_for_us(maker.source_id)
        return None if is_vain else Missing(group, maker, is_soft=True)
    return Missing(group, maker, needed_by=needed_by, circle=sight.circle(maker.source_id))


def _bringing(group: Group, sight: Sight) -> Iterator[Maker]:
    for relation in group:
        for maker in sight.makers(relation.name):
            if maker.source_id != sight.source_id and relation.allows(maker.version):
                yield maker


def _newer(best: Available, sight: Sight) -> Missing | None:
    """A newer version of what is there, about to come from an upload to the same distribution."""
    if sight.distribution in sight.frozen or best.name != best.package:
        return None
    for maker in sight.makers(best.package):
        is_newer = best.version is not None and compare(maker.version, best.version) > 0
        is_other = maker.source_id != sight.source_id and maker.distribution == sight.distribution
        if is_newer and is_other and not sight.waits_for_us(maker.source_id):
            (relation,) = parse_group(best.package)
            group = (Relation(relation.name, operator=">=", version=maker.version),)
            return Missing(group, maker, is_soft=True)
    return None


# --- in words -------------------------------------------------------------------


def explain(missing: Sequence[Missing], suites: Sequence[str], builds: Callable[[int], int]) -> str:
    """Why a job waits, in a sentence; *suites* are those that were looked at.

    *builds* gives the number of the build that belongs to a source's id, or 0.
    """
    told = [_sentence(each, suites, builds) for each in missing[:_SHOWN]]
    more = len(missing) - len(told)
    return "; ".join([*told, *[f"and for {more} more"] * (more > 0)])


def _sentence(missing: Missing, suites: Sequence[str], builds: Callable[[int], int]) -> str:
    needed = f", which {missing.needed_by} needs" if missing.needed_by else ""
    if missing.maker is None:
        *most, last = suites
        looked_at = f"{', '.join(most)} or {last}" if most else last
        there = f" (there is {', '.join(missing.there)})" if missing.there else ""
        return (
            f"waits for {words(missing.group)}{needed}: not in {looked_at}{there}, "
            "and nothing under way makes it"
        )
    number = builds(missing.maker.source_id)
    build = f"build {number} of {missing.maker}" if number else str(missing.maker)
    newer = "the newer " if missing.is_soft else ""
    text = (
        f"waits for {newer}{words(missing.group)}{needed} in {missing.maker.distribution}, "
        f"which {build} will bring"
    )
    if missing.circle:
        text += f"; a circle: {' → '.join(missing.circle)}; none of them can be built first"
    return text


# --- what is kept with a job ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WaitsFor:
    """One line of what a job is in dep-wait for."""

    group: Group
    is_soft: bool


def parse_waits(text: str) -> tuple[WaitsFor, ...]:
    """The lines that a job keeps; raises MalformedControl, MalformedName."""
    return tuple(
        WaitsFor(parse_group(line.removeprefix(_SOFT)), line.startswith(_SOFT))
        for line in text.splitlines()
        if line.strip()
    )


def names_of(waits: Iterable[WaitsFor]) -> frozenset[str]:
    """The packages that would help."""
    return frozenset(relation.name for each in waits for relation in each.group)
