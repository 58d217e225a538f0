"""Going back: exactly what the earlier version had, as the next version."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mini_buildd.db.models import Publication, Source, SuiteEntry
from mini_buildd.domain.problem import NotAllowed, NothingToDo, SuiteFrozen, VersionNotKept
from mini_buildd.domain.suite_version import Kind
from mini_buildd.flow.change import SuiteChange
from mini_buildd.flow.compare import At, held
from mini_buildd.flow.freeze import freeze
from mini_buildd.flow.remove import remove
from mini_buildd.flow.rollback import rollback
from mini_buildd.tests.flow.base_archive import paragraph
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.shelf import ADMIN, VISITOR, Shelf
from mini_buildd.tests.flow.threads import at_once


@pytest.fixture
def shelf(scene: Scene) -> Shelf:
    """Version 1 has hello 1.0, version 2 hello 2.0, version 3 also bc."""
    made = Shelf(scene)
    furnish(made)
    return made


def furnish(shelf: Shelf) -> None:
    shelf.check_installability(wanted=False)
    for source in (shelf.source(), shelf.source("hello", "2.0"), shelf.source("bc")):
        shelf.put(source)


def go(shelf: Shelf, number: int, *, dry_run: bool = False) -> SuiteChange:
    (change,) = rollback(
        shelf.scene.site, ADMIN, shelf.scene.distribution(), number, reason="oh", dry_run=dry_run
    )
    return change


def test_the_next_version_has_what_the_earlier_one_had(shelf: Shelf) -> None:
    change = go(shelf, 1)
    assert [(each.kind, each.source) for each in change.differences] == [
        (Kind.REMOVED, "bc"),
        (Kind.DOWNGRADED, "hello"),
    ]
    assert (change.number, shelf.has()) == (4, {"hello": ["1.0"]})
    made = Publication.objects.get(number=4)
    assert (made.kind, made.actor, made.reason, made.restores) == ("rollback", "root", "oh", 1)
    shelf.publish()
    assert shelf.in_tree() == {"hello": ["1.0"]}
    go(shelf, 3)
    assert shelf.has() == shelf.has(number=3) == {"hello": ["2.0"], "bc": ["1.0"]}


def test_a_binary_that_came_later_goes_and_comes_again(shelf: Shelf) -> None:
    hello = Source.objects.get(version="2.0")
    shelf.binary(hello, paragraph("hello", version="2.0", architecture="armhf"))
    shelf.put(hello)
    assert go(shelf, 3).differences[0].kind is Kind.REBUILT
    at = At(shelf.scene.distribution(), 5)
    assert held(at)["hello"][0].binaries == ("hello 2.0 amd64",)
    shelf.count_as_published()
    go(shelf, 4)
    at = At(shelf.scene.distribution(), 6)
    assert held(at)["hello"][0].binaries == ("hello 2.0 amd64", "hello 2.0 armhf")


def test_a_dry_run_tells_the_same_and_changes_nothing(shelf: Shelf) -> None:
    before = shelf.rows()
    shown = go(shelf, 2, dry_run=True)
    assert shelf.rows() == before
    assert go(shelf, 2) == shown


@pytest.mark.parametrize("number", [0, -1, 4, 10**30])
def test_to_a_version_that_never_was_nobody_goes_back(shelf: Shelf, number: int) -> None:
    with pytest.raises(VersionNotKept, match="1, 2, 3"):
        go(shelf, number)


def test_nor_to_one_whose_packages_may_be_gone_or_that_was_never_published(shelf: Shelf) -> None:
    Publication.objects.filter(number=1).update(removed_at=shelf.scene.clock())
    Publication.objects.filter(number=2).update(published_at=None)
    for number in (1, 2):
        with pytest.raises(VersionNotKept, match="kept: 3; found"):
            go(shelf, number)


def test_to_what_is_there_now_there_is_nothing_to_do(shelf: Shelf) -> None:
    before = shelf.rows()
    with pytest.raises(NothingToDo):
        go(shelf, 3)
    assert shelf.rows() == before


def test_it_is_refused_for_a_frozen_suite_and_to_who_is_no_administrator(shelf: Shelf) -> None:
    distribution = shelf.scene.distribution()
    with pytest.raises(NotAllowed):
        rollback(shelf.scene.site, VISITOR, distribution, 1)
    freeze(shelf.scene.site, ADMIN, distribution, "")
    with pytest.raises(SuiteFrozen):
        go(shelf, 1)
    assert shelf.number() == 3


def test_an_area_that_apt_knows_stays_when_its_packages_go(shelf: Shelf) -> None:
    source = shelf.source("firm")
    Source.objects.filter(pk=source.pk).update(component="non-free")
    source.refresh_from_db()
    shelf.put(source)
    go(shelf, 3)
    assert "non-free" in Publication.objects.get(number=5).areas.split()


_NAMES = st.sampled_from(["bc", "dash", "hello"])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), _NAMES, st.integers(0, 3)),
        st.tuples(st.just("remove"), _NAMES, st.just(0)),
        st.tuples(st.just("rollback"), st.just(""), st.integers(1, 8)),
    ),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=_STEPS, kept=st.integers(1, 2))
def test_whatever_happened_going_back_gives_just_what_was(
    shelf: Shelf, steps: list[tuple[str, str, int]], kept: int
) -> None:
    with transaction.atomic():
        distribution = shelf.scene.distribution()
        distribution.suite.layout.suites.update(kept_versions=kept)
        had = {number: held(At(distribution, number)) for number in range(1, shelf.number() + 1)}
        for step in steps:
            _do(shelf, step)
            had.setdefault(shelf.number(), held(At(distribution, shelf.number())))
        for number, expected in list(had.items()):
            if held(At(distribution, shelf.number())) != expected:
                go(shelf, number)
                shelf.count_as_published()
            assert held(At(distribution, shelf.number())) == expected
        assert {number: held(At(distribution, number)) for number in had} == had
        assert _widest(shelf) <= kept
        transaction.set_rollback(True)


def _do(shelf: Shelf, step: tuple[str, str, int]) -> None:
    act, name, number = step
    distribution = shelf.scene.distribution()
    if act == "put":
        version = f"{number + 3}.0"
        known = Source.objects.filter(name=name, version=version).first()
        shelf.put(known or shelf.source(name, version))
    elif act == "remove" and name in shelf.has():
        remove(shelf.scene.site, ADMIN, distribution, [name])
    elif act == "rollback":
        wanted: Any = 1 + number % shelf.number()
        if held(At(distribution, wanted)) != held(At(distribution, shelf.number())):
            go(shelf, wanted)
    shelf.count_as_published()


def _widest(shelf: Shelf) -> int:
    """The most versions that one source package has now."""
    return max(map(len, shelf.has().values()), default=0)


def test_two_at_once_are_one_after_the_other(real: Scene) -> None:
    shelf = Shelf(real)
    furnish(shelf)
    assert at_once(lambda: go(shelf, 1), lambda: go(shelf, 2)) == []
    restored = Publication.objects.filter(restores__isnull=False).order_by("number")
    assert sorted(each.restores or 0 for each in restored) == [1, 2]
    last = restored.last()
    assert last is not None
    assert shelf.has() == shelf.has(number=last.restores)


def test_killed_between_any_two_effects_it_is_back_or_as_before(real: Scene) -> None:
    shelf = Shelf(real)
    furnish(shelf)
    before, effects, went = shelf.rows(), 0, False
    while not went:
        went = runs_to_its_end(lambda: go(shelf, 1), effects=effects)
        assert (shelf.rows() == before) is not went
        effects += 1
    assert effects > 3, "it had effects"
    assert shelf.has() == {"hello": ["1.0"]}
    assert not SuiteEntry.objects.filter(added_in__gt=4).exists()
