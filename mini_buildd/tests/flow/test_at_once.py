"""Two operations at once: as if one had come after the other, whichever was first."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement, count
from pathlib import Path

import pytest

from mini_buildd.db import models
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.permission import SELF
from mini_buildd.domain.problem import Problem
from mini_buildd.flow import sweep
from mini_buildd.flow.change import find_distribution
from mini_buildd.flow.locks import suite_lock
from mini_buildd.flow.migrate import Migration, migrate
from mini_buildd.flow.publish import carry_out
from mini_buildd.flow.remove import remove
from mini_buildd.flow.rollback import rollback
from mini_buildd.flow.site import Site
from mini_buildd.keys import gpg
from mini_buildd.tests.archive.published import packages
from mini_buildd.tests.flow.processes import at_once_in_processes, in_other_process
from mini_buildd.tests.flow.stock import fill, hand_in, make_site, suite
from mini_buildd.tests.flow.threads import at_once

UNSTABLE, TESTING = suite("unstable"), suite("testing")

Held = Mapping[str, Mapping[str, str]]  # suites, packages, versions


@dataclass(frozen=True, slots=True)
class Operation:
    """What is done, and what it makes of what the suites hold."""

    name: str
    act: Callable[[], object]
    effect: Callable[[Held], Held]


@pytest.fixture
def site(tmp_path: Path, transactional_db: None) -> Iterator[Site]:
    del transactional_db
    made = make_site(tmp_path / "home")
    names = [(f"pkg-{number:02}", "1.0") for number in range(60)]
    fill(made, [(UNSTABLE, names), (TESTING, names[:40])])
    yield made
    gpg.stop_agent(made.places.gnupg)


def held(site: Site) -> Held:
    """What clients find in the suites."""
    tree = site.tree("test")
    return {
        name: packages(tree.root, tree.pointer(DistributionName.parse(name)))
        for name in (UNSTABLE, TESTING)
    }


def held_by_rows() -> Held:
    """What the rows say of them."""
    entries = models.SuiteEntry.objects.filter(removed_in=None).exclude(binary=None)
    rows = entries.values_list("distribution__name", "binary__package", "binary__version")
    found: dict[str, dict[str, str]] = {UNSTABLE: {}, TESTING: {}}
    for name, package, version in rows:
        found[name][package] = version
    return found


@dataclass
class Draw:
    """Makes operations, each on packages of its own."""

    site: Site
    numbers: Iterator[int]

    def publish(self) -> Operation:
        """One package more in unstable."""
        name = f"new-{next(self.numbers)}"

        def act() -> None:
            hand_in(self.site, UNSTABLE, name, "1.0")
            sweep.publish_all(self.site)

        return Operation("publish", act, lambda now: _with(now, UNSTABLE, {name: "1.0"}))

    def migrate(self) -> Operation:
        """One package from unstable to testing."""
        there = held_by_rows()
        name = sorted(there[UNSTABLE].keys() - there[TESTING].keys())[next(self.numbers) % 7]
        version = there[UNSTABLE][name]

        def act() -> None:
            wish = Migration(find_distribution(UNSTABLE), [name])
            migrate(self.site, SELF, wish, force=True)
            sweep.publish_all(self.site)

        def effect(now: Held) -> Held:
            return _with(now, TESTING, {name: version}) if name in now[UNSTABLE] else now

        return Operation("migrate", act, effect)

    def remove(self) -> Operation:
        """One package from unstable."""
        name = sorted(held_by_rows()[UNSTABLE])[next(self.numbers) % 30]

        def act() -> None:
            remove(self.site, SELF, find_distribution(UNSTABLE), [name], force=True)
            sweep.publish_all(self.site)

        return Operation("remove", act, lambda now: _without(now, UNSTABLE, name))

    def roll_back(self) -> Operation:
        """Unstable, to the version before the last one."""
        distribution = find_distribution(UNSTABLE)
        number = distribution.publications.latest("number").number - 1
        entries = models.SuiteEntry.objects.filter(distribution=distribution, added_in__lte=number)
        then = {
            entry.binary.package: entry.binary.version
            for entry in entries.exclude(binary=None).select_related("binary")
            if entry.binary is not None and (entry.removed_in is None or entry.removed_in > number)
        }

        def act() -> None:
            rollback(self.site, SELF, find_distribution(UNSTABLE), number)
            sweep.publish_all(self.site)

        return Operation("roll back", act, lambda now: {**now, UNSTABLE: then})


def _with(now: Held, name: str, more: Mapping[str, str]) -> Held:
    return {**now, name: {**now[name], **more}}


def _without(now: Held, name: str, package: str) -> Held:
    return {**now, name: {key: value for key, value in now[name].items() if key != package}}


def in_threads(*works: Callable[[], object]) -> int:
    """How many of *works*, done in threads, were refused."""
    raised = at_once(*works)
    assert all(isinstance(error, Problem) for error in raised), raised
    return len(raised)


def errors_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the steps could not do, by their log."""
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("together", [in_threads, at_once_in_processes])
def test_two_operations_on_a_suite_come_one_after_the_other(
    site: Site, together: Callable[..., int], caplog: pytest.LogCaptureFixture
) -> None:
    draw = Draw(site, count(1))
    kinds = (draw.publish, draw.migrate, draw.remove, draw.roll_back)
    for first, second in combinations_with_replacement(kinds, 2):
        before, one, other = held(site), first(), second()
        refused = together(one.act, other.act)
        after = held(site)
        pair = f"{one.name} and {other.name}"
        assert after in (one.effect(other.effect(before)), other.effect(one.effect(before))), pair
        assert after == held_by_rows(), pair
        assert not refused or after in (one.effect(before), other.effect(before)), pair
        assert not errors_in(caplog), pair
        assert not models.Publication.objects.filter(published_at=None).exists(), pair
        for distribution in models.Distribution.objects.all():
            numbers = distribution.publications.order_by("number").values_list("number", flat=True)
            assert list(numbers) == list(range(1, len(numbers) + 1)), pair


def test_a_suite_is_published_while_another_one_is_being_written(site: Site) -> None:
    hand_in(site, UNSTABLE, "new", "1.0")
    migrate(site, SELF, Migration(find_distribution(UNSTABLE), ["pkg-50"]), force=True)
    with in_other_process(suite_lock(site, UNSTABLE)):
        raised = at_once(lambda: carry_out(site, find_distribution(TESTING)))
    assert raised == []
    assert "pkg-50" in held(site)[TESTING]


@pytest.mark.parametrize("together", [in_threads, at_once_in_processes])
def test_two_who_publish_a_suite_at_once_publish_it_once(
    site: Site, together: Callable[..., int]
) -> None:
    for number in range(3):
        hand_in(site, UNSTABLE, f"new-{number}", "1.0")
        sweep.decide_all(site)
        published = models.Event.objects.filter(kind="suite.published", distribution__name=UNSTABLE)
        before = published.count()

        def work() -> object:
            return carry_out(site, find_distribution(UNSTABLE))

        assert together(work, work) == 0
        assert published.count() == before + 1
        assert held(site) == held_by_rows()
