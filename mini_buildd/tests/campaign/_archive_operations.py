"""Random operations on an archive, and a model that says what each of them must lead to."""

import contextlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from mini_buildd.db.models import Distribution, Publication, Repository, Snapshot, SuiteEntry
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import (
    NothingToDo,
    PackageNotThere,
    Problem,
    SnapshotUnknown,
    VersionNotKept,
)
from mini_buildd.domain.snapshot import SnapshotKind, SnapshotName
from mini_buildd.flow import sweep
from mini_buildd.flow.change import find_distribution
from mini_buildd.flow.migrate import Migration, migrate
from mini_buildd.flow.remove import remove
from mini_buildd.flow.rollback import rollback
from mini_buildd.flow.site import Site
from mini_buildd.flow.snapshot import drop, take
from mini_buildd.tests.flow.stock import hand_in, suite

UNSTABLE, TESTING, STABLE = SUITES = suite("unstable"), suite("testing"), suite("stable")
ADMIN = Actor("campaign", is_admin=True)

Packages = Mapping[str, str]  # names with their versions


@dataclass(frozen=True, slots=True)
class State:
    """What every suite has, and the snapshots that people took with what was in them."""

    suites: Mapping[str, Packages]
    snapshots: Mapping[str, Mapping[str, Packages]]


class Kind(StrEnum):
    """What can be done to an archive."""

    PUBLISH = "publish"
    MIGRATE = "migrate one step"
    WHOLE_WAY = "migrate the whole way"
    REMOVE = "remove"
    ROLLBACK = "roll back"
    TAKE = "take a snapshot"
    DROP = "drop a snapshot"
    TIDY = "retain and collect"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: how it is done, the state that it leads to, and what a repetition may say."""

    kind: Kind
    act: Callable[[Site], object]
    after: State
    is_done: tuple[type[Problem], ...] = ()
    snapshot: str = ""

    def run(self, site: Site) -> None:
        """Decide it and let the trees follow, as the daemon and the command line do."""
        self.act(site)
        sweep.publish_all(site)

    def repeat(self, site: Site) -> None:
        """The same again; that it is done already is a good answer."""
        with contextlib.suppress(*self.is_done):
            self.act(site)
        sweep.publish_all(site)


def held_by_rows() -> State:
    """The state as the rows say."""
    snapshots = Snapshot.objects.filter(kind=SnapshotKind.NAMED).prefetch_related(
        "versions__distribution"
    )
    return State(
        {name: rows_at(find_distribution(name)) for name in SUITES},
        {
            row.name: {
                each.distribution.name: rows_at(each.distribution, each.number)
                for each in row.versions.all()
                if each.distribution.name in SUITES
            }
            for row in snapshots
        },
    )


def rows_at(distribution: Distribution, number: int | None = None) -> Packages:
    """The binary packages of a version of the suite; without its number, those of the latest."""
    entries = SuiteEntry.objects.filter(distribution=distribution).exclude(binary=None)
    rows = entries.values_list("binary__package", "binary__version", "added_in", "removed_in")
    if number is None:
        return {name: version for name, version, _, removed in rows if removed is None}
    return {
        name: version
        for name, version, added, removed in rows
        if added <= number and (removed is None or removed > number)
    }


@dataclass(slots=True)
class Model:
    """What must be, and the choice of what is done next."""

    chance: random.Random
    state: State
    tidy: Callable[[Site], object]
    _made: int = 0
    _known: dict[tuple[str, int], Packages] = field(default_factory=dict)

    def remember(self) -> None:
        """Note what the present versions of the suites hold, so that one can go back to them."""
        for name in SUITES:
            latest = Publication.objects.filter(distribution__name=name).latest("number")
            self._known[name, latest.number] = self.state.suites[name]

    def draw(self, kind: Kind) -> Operation | None:
        """An operation of that kind; None when there is nothing that it could be done to."""
        draws: Mapping[Kind, Callable[[], Operation | None]] = {
            Kind.PUBLISH: self._publish,
            Kind.MIGRATE: lambda: self._migrate(whole_way=False),
            Kind.WHOLE_WAY: lambda: self._migrate(whole_way=True),
            Kind.REMOVE: self._remove,
            Kind.ROLLBACK: self._roll_back,
            Kind.TAKE: self._take,
            Kind.DROP: self._drop,
            Kind.TIDY: lambda: Operation(Kind.TIDY, self.tidy, self.state),
        }
        return draws[kind]()

    def _with(self, **suites: Packages) -> State:
        return replace(self.state, suites={**self.state.suites, **suites})

    def _publish(self) -> Operation:
        """A new package, or more often a new version of one that there is."""
        self._made += 1
        there = sorted(self.state.suites[UNSTABLE])
        is_new = not there or self._made % 4 == 0
        name = f"new-{self._made}" if is_new else self.chance.choice(there)
        version = f"2.{self._made}"
        return Operation(
            Kind.PUBLISH,
            lambda site: hand_in(site, UNSTABLE, name, version),
            self._with(**{UNSTABLE: {**self.state.suites[UNSTABLE], name: version}}),
        )

    def _migrate(self, *, whole_way: bool) -> Operation | None:
        origin = self.chance.choice((UNSTABLE, TESTING)) if not whole_way else UNSTABLE
        targets = SUITES[SUITES.index(origin) + 1 :][: None if whole_way else 1]
        packages = self.state.suites[origin]
        may = [
            name
            for name, version in packages.items()
            if all(_is_later(version, self.state.suites[each].get(name)) for each in targets)
        ]
        if not may:
            return None
        chosen = self.chance.sample(sorted(may), min(len(may), self.chance.randint(1, 5)))
        moved = {name: packages[name] for name in chosen}

        def act(site: Site) -> object:
            wish = Migration(find_distribution(origin), chosen, whole_way=whole_way)
            return migrate(site, ADMIN, wish, force=True)

        return Operation(
            Kind.WHOLE_WAY if whole_way else Kind.MIGRATE,
            act,
            self._with(**{each: {**self.state.suites[each], **moved} for each in targets}),
            (NothingToDo,),
        )

    def _remove(self) -> Operation | None:
        name = self.chance.choice(SUITES)
        packages = self.state.suites[name]
        if not packages:
            return None
        chosen = self.chance.sample(sorted(packages), min(len(packages), self.chance.randint(1, 3)))
        return Operation(
            Kind.REMOVE,
            lambda site: remove(site, ADMIN, find_distribution(name), chosen, force=True),
            self._with(**{name: {k: v for k, v in packages.items() if k not in chosen}}),
            (PackageNotThere,),
        )

    def _roll_back(self) -> Operation | None:
        """To a version that had something else, and is kept for a while yet."""
        kept = Publication.objects.filter(removed_at=None, published_at__isnull=False)
        may = [
            (name, number)
            for name in SUITES
            for number in kept.filter(distribution__name=name)
            .order_by("-number")
            .values_list("number", flat=True)[1:2]
            if self._known.get((name, number), self.state.suites[name]) != self.state.suites[name]
        ]
        if not may:
            return None
        name, number = self.chance.choice(may)
        return Operation(
            Kind.ROLLBACK,
            lambda site: rollback(site, ADMIN, find_distribution(name), number),
            self._with(**{name: self._known[name, number]}),
            (NothingToDo, VersionNotKept),  # the latter when it was done, and that one has gone
        )

    def _take(self) -> Operation:
        self._made += 1
        name = SnapshotName(f"taken-{self._made}")
        return Operation(
            Kind.TAKE,
            lambda site: take(site, ADMIN, Repository.objects.get(), name),
            replace(self.state, snapshots={**self.state.snapshots, name: self.state.suites}),
            (SnapshotUnknown,),
            name,
        )

    def _drop(self) -> Operation | None:
        if not self.state.snapshots:
            return None
        name = self.chance.choice(sorted(self.state.snapshots))
        rest = {key: held for key, held in self.state.snapshots.items() if key != name}
        return Operation(
            Kind.DROP,
            lambda site: drop(site, ADMIN, Repository.objects.get(), name),
            replace(self.state, snapshots=rest),
            (SnapshotUnknown,),
            name,
        )


def _is_later(version: str, there: str | None) -> bool:
    """Versions of the campaign are two numbers."""
    return there is None or _numbers(version) > _numbers(there)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
