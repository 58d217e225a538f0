"""Removing: from the suite as it is now, never from what it was."""

import pytest

from mini_buildd.domain.problem import NotAllowed, PackageNotThere, SuiteFrozen
from mini_buildd.domain.suite_version import Kind
from mini_buildd.flow.change import SuiteChange
from mini_buildd.flow.freeze import freeze
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


def go(shelf: Shelf, *packages: str, dry_run: bool = False) -> tuple[SuiteChange, ...]:
    return remove(shelf.scene.site, ADMIN, shelf.scene.distribution(), packages, dry_run=dry_run)


def test_a_package_goes_with_all_that_was_built_of_it_and_earlier_versions_keep_it(
    shelf: Shelf,
) -> None:
    hello = shelf.source("hello", "1.0", paragraph("hello"), paragraph("hello-doc"))
    shelf.put(hello, shelf.source("bc"))
    shelf.publish()
    (change,) = go(shelf, "hello")
    assert (change.number, [each.kind for each in change.differences]) == (2, [Kind.REMOVED])
    assert shelf.has() == {"bc": ["1.0"]}
    assert shelf.has(number=1) == {"bc": ["1.0"], "hello": ["1.0"]}
    shelf.publish()
    assert shelf.in_tree() == {"bc": ["1.0"]}


def test_by_its_name_all_its_versions_go_and_by_its_version_that_one(shelf: Shelf) -> None:
    shelf.scene.distribution().suite.layout.suites.update(kept_versions=3)
    shelf.put(*(shelf.source("hello", version) for version in ("1.0", "2.0", "3.0")))
    (change,) = go(shelf, "hello=2.0")
    assert (change.differences[0].before, change.differences[0].after) == (
        ("3.0", "2.0", "1.0"),
        ("3.0", "1.0"),
    )
    (change,) = go(shelf, "hello=3.0")
    assert change.differences[0].kind is Kind.DOWNGRADED
    shelf.put(shelf.source("hello", "4.0"))
    assert shelf.has() == {"hello": ["4.0", "1.0"]}
    go(shelf, "hello=1.0", "hello")
    assert shelf.has() == {}


def test_with_one_bad_name_nothing_goes_and_a_dry_run_changes_nothing(shelf: Shelf) -> None:
    shelf.put(shelf.source(), shelf.source("bc"))
    before = shelf.rows()
    with pytest.raises(PackageNotThere, match="dash"):
        go(shelf, "hello", "bc", "dash")
    assert shelf.rows() == before
    shown = go(shelf, "hello", dry_run=True)
    assert shelf.rows() == before
    assert go(shelf, "hello") == shown


def test_it_is_refused_from_a_frozen_suite_and_to_who_is_no_administrator(shelf: Shelf) -> None:
    shelf.put(shelf.source())
    distribution = shelf.scene.distribution()
    with pytest.raises(NotAllowed):
        remove(shelf.scene.site, VISITOR, distribution, ["hello"])
    freeze(shelf.scene.site, ADMIN, distribution, "")
    with pytest.raises(SuiteFrozen, match="no reason given"):
        go(shelf, "hello")
    assert shelf.has() == {"hello": ["1.0"]}


def test_what_is_removed_can_come_again(shelf: Shelf) -> None:
    hello = shelf.source()
    shelf.put(hello)
    go(shelf, "hello")
    shelf.put(hello)
    assert [shelf.has(number=number) for number in (1, 2, 3)] == [
        {"hello": ["1.0"]},
        {},
        {"hello": ["1.0"]},
    ]


def test_two_at_once_remove_both(real: Scene) -> None:
    shelf = Shelf(real)
    shelf.check_installability(wanted=False)
    shelf.put(shelf.source(), shelf.source("bc"), shelf.source("dash"))
    assert at_once(lambda: go(shelf, "hello"), lambda: go(shelf, "bc")) == []
    assert (shelf.has(), shelf.number()) == ({"dash": ["1.0"]}, 3)


def test_killed_between_any_two_effects_all_are_gone_or_none(real: Scene) -> None:
    shelf = Shelf(real)
    shelf.check_installability(wanted=False)
    shelf.put(shelf.source(), shelf.source("bc"))
    effects, went = 0, False
    while not went:
        went = runs_to_its_end(lambda: go(shelf, "hello", "bc"), effects=effects)
        assert shelf.has() == ({} if went else {"hello": ["1.0"], "bc": ["1.0"]})
        effects += 1
    assert effects > 3, "it had effects"
