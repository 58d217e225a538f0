"""Migrating: all that is asked for or nothing, in order, and told before it is done."""

import pytest

from mini_buildd.db.models import Distribution, Publication, Source
from mini_buildd.domain.problem import (
    NotAllowed,
    NothingToDo,
    NoWayThere,
    PackageNotThere,
    Problem,
    SuiteFrozen,
)
from mini_buildd.domain.states import SourceState
from mini_buildd.domain.suite_version import Kind
from mini_buildd.flow.change import SuiteChange
from mini_buildd.flow.freeze import freeze
from mini_buildd.flow.migrate import Migration, migrate
from mini_buildd.flow.publish import carry_out
from mini_buildd.flow.remove import remove
from mini_buildd.tests.flow.base_archive import paragraph
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.shelf import ADMIN, VISITOR, Shelf
from mini_buildd.tests.flow.threads import at_once


@pytest.fixture
def shelf(scene: Scene) -> Shelf:
    made = Shelf(scene)
    made.check_installability(wanted=False)
    return made


def go(
    shelf: Shelf,
    *packages: str,
    origin: str = "unstable",
    whole_way: bool = False,
    dry_run: bool = False,
) -> tuple[SuiteChange, ...]:
    wish = Migration(shelf.scene.distribution(origin), packages, whole_way, "it is time")
    return migrate(shelf.scene.site, ADMIN, wish, dry_run=dry_run)


def test_packages_go_to_the_next_suite_with_all_that_was_built_of_them(shelf: Shelf) -> None:
    hello = shelf.source("hello", "1.0", paragraph("hello"), paragraph("hello-doc"))
    shelf.put(hello, shelf.source("bc"), shelf.source("dash"))
    (change,) = go(shelf, "hello", "bc")
    assert (change.distribution, change.number) == ("trixie-test-testing", 1)
    assert [(each.kind, each.source) for each in change.differences] == [
        (Kind.ADDED, "bc"),
        (Kind.ADDED, "hello"),
    ]
    assert shelf.has("testing") == {"bc": ["1.0"], "hello": ["1.0"]}
    assert shelf.has("unstable").keys() == {"bc", "dash", "hello"}
    shelf.publish("testing")
    assert shelf.in_tree("testing").keys() == {"bc", "hello", "hello-doc"}
    made = Publication.objects.get(distribution__name="trixie-test-testing")
    assert (made.kind, made.actor, made.reason) == ("migrate", "root", "it is time")


def test_the_whole_way_is_every_suite_that_follows_and_has_it_not_yet(shelf: Shelf) -> None:
    shelf.put(shelf.source())
    go(shelf, "hello")
    changes = go(shelf, "hello", whole_way=True)
    assert [(each.distribution, each.number) for each in changes] == [("trixie-test-stable", 1)]
    assert shelf.number("testing") == 1, "no version in which nothing is new"
    shelf.put(shelf.source("bc"))
    changes = go(shelf, "bc", whole_way=True)
    assert [each.distribution for each in changes] == ["trixie-test-testing", "trixie-test-stable"]
    assert shelf.has("testing") == shelf.has("stable") == {"hello": ["1.0"], "bc": ["1.0"]}


def test_only_what_the_suite_has_of_a_package_goes_on(shelf: Shelf) -> None:
    hello = shelf.source()
    shelf.put(hello)
    shelf.binary(hello, paragraph("hello", architecture="armhf"))
    (change,) = go(shelf, "hello")
    assert len(change.binaries) == 1


def test_a_dry_run_tells_the_same_and_changes_nothing(shelf: Shelf) -> None:
    shelf.put(shelf.source(), shelf.source("bc"))
    before = shelf.rows()
    shown = go(shelf, "hello", "bc", whole_way=True, dry_run=True)
    assert shelf.rows() == before
    assert go(shelf, "hello", "bc", whole_way=True) == shown


@pytest.mark.parametrize("bad", ["nothing", "hello=2.0", "", "=", "hello=", "hel'lo"])
def test_with_one_bad_name_nothing_goes(shelf: Shelf, bad: str) -> None:
    shelf.put(shelf.source("bc"), shelf.source("hello"))
    before = shelf.rows()
    with pytest.raises(PackageNotThere):
        go(shelf, "bc", bad)
    assert shelf.rows() == before


def test_a_package_named_twice_goes_once_and_older_versions_go_first(shelf: Shelf) -> None:
    shelf.scene.distribution().suite.layout.suites.update(kept_versions=2)
    shelf.put(shelf.source("hello", "1.0"), shelf.source("hello", "2.0"))
    (change,) = go(shelf, "hello=2.0", "hello", "hello=1.0")
    assert [(each.source, each.after) for each in change.differences] == [("hello", ("2.0", "1.0"))]
    assert shelf.has("testing") == {"hello": ["2.0", "1.0"]}


def test_without_a_version_the_latest_goes_and_the_target_keeps_as_many_as_it_may(
    shelf: Shelf,
) -> None:
    suites = shelf.scene.distribution().suite.layout.suites
    suites.filter(name="unstable").update(kept_versions=3)
    suites.filter(name="testing").update(kept_versions=2)
    shelf.put(*(shelf.source("hello", version) for version in ("1.9", "1.10", "1.8")))
    assert shelf.has() == {"hello": ["1.10", "1.9", "1.8"]}
    for word in ("hello=1.8", "hello=1.9"):
        go(shelf, word)
    assert shelf.has("testing") == {"hello": ["1.9", "1.8"]}
    (change,) = go(shelf, "hello")
    assert change.differences[0].kind is Kind.UPGRADED
    assert shelf.has("testing") == {"hello": ["1.10", "1.9"]}


def test_what_the_target_has_already_is_nothing_to_do(shelf: Shelf) -> None:
    shelf.put(shelf.source())
    go(shelf, "hello")
    before = shelf.rows()
    with pytest.raises(NothingToDo):
        go(shelf, "hello")
    with pytest.raises(NothingToDo):
        go(shelf)
    assert shelf.rows() == before


def test_an_older_version_than_the_target_has_is_refused(shelf: Shelf) -> None:
    old, new = shelf.source("hello", "1.9"), shelf.source("hello", "1.10")
    shelf.put(new, suite="testing")
    shelf.put(old)
    with pytest.raises(NoWayThere, match=r"later than 1\.10"):
        go(shelf, "hello")


def test_from_where_nothing_leads_on_or_to_where_nothing_is_set_up_nothing_goes(
    shelf: Shelf,
) -> None:
    hello = shelf.source()
    for suite in ("stable", "unstable"):
        shelf.put(hello, suite=suite)
    with pytest.raises(NoWayThere, match="from which nothing migrates"):
        go(shelf, "hello", origin="stable")
    Distribution.objects.filter(name="trixie-test-testing").delete()
    with pytest.raises(NoWayThere, match="no such suite"):
        go(shelf, "hello")


def test_a_package_that_is_not_published_yet_waits(shelf: Shelf) -> None:
    hello = shelf.source()
    shelf.put(hello)
    Source.objects.update(state=SourceState.READY)
    with pytest.raises(NoWayThere, match="which is ready"):
        go(shelf, "hello")


def test_nothing_goes_into_a_frozen_suite_not_even_on_the_way(shelf: Shelf) -> None:
    shelf.put(shelf.source())
    freeze(shelf.scene.site, ADMIN, shelf.scene.distribution("stable"), "release")
    before = shelf.rows()
    with pytest.raises(SuiteFrozen, match="release"):
        go(shelf, "hello", whole_way=True)
    assert shelf.rows() == before


def test_who_is_no_administrator_migrates_nothing(shelf: Shelf) -> None:
    shelf.put(shelf.source())
    before = shelf.rows()
    wish = Migration(shelf.scene.distribution(), ["hello"])
    with pytest.raises(NotAllowed):
        migrate(shelf.scene.site, VISITOR, wish, dry_run=True)
    with pytest.raises(NotAllowed):
        migrate(shelf.scene.site, VISITOR, wish)
    assert shelf.rows() == before


def test_two_at_once_on_one_suite_lose_nothing_of_each_other(real: Scene) -> None:
    shelf = Shelf(real)
    shelf.check_installability(wanted=False)
    names = ["bc", "dash", "hello"]
    shelf.put(*map(shelf.source, names))
    assert at_once(*(lambda name=name: go(shelf, name) for name in names)) == []
    assert shelf.has("testing").keys() == set(names)
    numbers = Publication.objects.filter(distribution__name="trixie-test-testing")
    assert sorted(numbers.values_list("number", flat=True)) == [1, 2, 3]
    assert at_once(lambda: shelf.publish("testing"), lambda: shelf.publish("testing")) == []
    assert shelf.in_tree("testing").keys() == set(names)


def test_of_two_who_want_the_same_at_once_one_has_nothing_to_do(real: Scene) -> None:
    shelf = Shelf(real)
    shelf.check_installability(wanted=False)
    shelf.put(shelf.source())
    raised = at_once(lambda: go(shelf, "hello"), lambda: go(shelf, "hello"))
    assert [type(each) for each in raised] == [NothingToDo]
    assert shelf.number("testing") == 1


def test_killed_between_deciding_and_the_end_of_publishing_the_next_run_completes_it(
    real: Scene,
) -> None:
    """Every ninth effect."""
    shelf = Shelf(real)
    shelf.check_installability(wanted=False)
    shelf.put(shelf.source("bc"), shelf.source("hello"))
    testing = real.distribution("testing")

    def work() -> None:
        go(shelf, "bc", "hello")
        carry_out(real.site, testing)

    effects, came_to_its_end, outcomes = 0, False, set()
    while not came_to_its_end:
        came_to_its_end = runs_to_its_end(work, effects=effects)
        carry_out(real.site, testing)
        assert shelf.has("testing") in ({}, {"bc": ["1.0"], "hello": ["1.0"]})
        if went := bool(shelf.has("testing")):
            assert shelf.in_tree("testing") == shelf.has("testing")
            remove(real.site, ADMIN, testing, ["bc", "hello"])
            carry_out(real.site, testing)
        assert not Publication.objects.filter(distribution=testing, published_at=None).exists()
        outcomes.add(went)
        effects += 9
    assert outcomes == {False, True}


def test_killed_between_any_two_effects_all_went_or_nothing(real: Scene) -> None:
    shelf = Shelf(real)
    shelf.check_installability(wanted=False)
    shelf.put(shelf.source("bc"), shelf.source("hello"))
    effects, went = 0, False
    while not went:
        went = runs_to_its_end(lambda: go(shelf, "bc", "hello", whole_way=True), effects=effects)
        assert shelf.has("testing") == shelf.has("stable") == (shelf.has() if went else {})
        effects += 1
    assert effects > 5, "it had effects"
    with pytest.raises(Problem, match="nothing was changed"):
        go(shelf, "bc", "hello", whole_way=True)
    for suite in ("testing", "stable"):
        shelf.publish(suite)
        assert shelf.in_tree(suite) == shelf.has()
