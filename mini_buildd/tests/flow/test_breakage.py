"""What a change of suites would break is asked of the real solver before it is decided."""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import Any

import pytest

from mini_buildd.domain.problem import CheckImpossible, WouldBreak
from mini_buildd.flow import breakage
from mini_buildd.flow.change import SuiteChange
from mini_buildd.flow.migrate import Migration, migrate
from mini_buildd.flow.remove import remove
from mini_buildd.flow.site import Site
from mini_buildd.tests.flow.base_archive import BaseArchive, paragraph
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.shelf import ADMIN, Shelf


@pytest.fixture
def shelf(scene: Scene, base_archive: BaseArchive) -> Shelf:
    """Unstable has an app that needs a library; the base has libc6 2.36."""
    del base_archive
    made = Shelf(scene)
    library = made.source("foo", "1.0", paragraph("libfoo", "Depends: libc6 (>= 2.30)"))
    made.put(library, made.source("app", "1.0", paragraph("app", "Depends: libfoo")))
    return made


def go(shelf: Shelf, *packages: str, **options: Any) -> tuple[SuiteChange, ...]:
    whole_way = options.pop("whole_way", False)
    wish = Migration(shelf.scene.distribution(), packages, whole_way)
    return migrate(shelf.scene.site, ADMIN, wish, **options)


def told(changes: tuple[SuiteChange, ...]) -> list[str]:
    return [f"{change.distribution}: {each}" for change in changes for each in change.broken]


Meddle = Callable[[Iterable[Callable[[], object]]], None]
ALONE = "app 1.0 (amd64) depends on libfoo, which nothing provides"


def test_an_app_does_not_migrate_without_its_library(shelf: Shelf) -> None:
    before = shelf.rows()
    with pytest.raises(WouldBreak) as problem:
        go(shelf, "app", whole_way=True)
    assert problem.value.found == (f"trixie-test-testing: {ALONE}; trixie-test-stable: {ALONE}")
    assert told(go(shelf, "app", dry_run=True)) == [f"trixie-test-testing: {ALONE}"]
    assert shelf.rows() == before


def test_with_it_both_go_the_whole_way_and_a_dry_run_says_that_it_was_checked(
    shelf: Shelf,
) -> None:
    shown = go(shelf, "app", "foo", whole_way=True, dry_run=True)
    assert [(each.is_checked, each.broken) for each in shown] == [(True, ())] * 2
    go(shelf, "app", "foo", whole_way=True)
    assert shelf.has("testing") == shelf.has("stable") == {"app": ["1.0"], "foo": ["1.0"]}


def test_what_the_following_suite_has_counts_as_there(shelf: Shelf) -> None:
    foo = shelf.scene.distribution().sources.get(name="foo")
    shelf.put(foo, suite="stable")
    assert told(go(shelf, "app", dry_run=True)) == []


def test_who_insists_gets_it_unchecked(shelf: Shelf) -> None:
    (change,) = go(shelf, "app", force=True)
    assert not change.is_checked
    assert shelf.has("testing") == {"app": ["1.0"]}


def test_a_library_that_is_needed_is_not_removed(shelf: Shelf) -> None:
    site, distribution = shelf.scene.site, shelf.scene.distribution()
    with pytest.raises(WouldBreak):
        remove(site, ADMIN, distribution, ["foo"])
    (shown,) = remove(site, ADMIN, distribution, ["foo"], dry_run=True)
    assert told((shown,)) == [f"trixie-test-unstable: {ALONE}"]
    remove(site, ADMIN, distribution, ["foo", "app"])
    assert shelf.has() == {}


def test_without_a_base_nothing_is_decided_but_by_who_insists(
    shelf: Shelf, base_archive: BaseArchive
) -> None:
    base_archive.hide()
    with pytest.raises(CheckImpossible):
        go(shelf, "foo")
    assert shelf.has("testing") == {}
    go(shelf, "foo", force=True)


def test_where_nobody_wants_a_check_there_is_none(shelf: Shelf, base_archive: BaseArchive) -> None:
    base_archive.hide()
    shelf.check_installability(wanted=False)
    (change,) = go(shelf, "app")
    assert not change.is_checked


@pytest.fixture
def meddle(monkeypatch: pytest.MonkeyPatch) -> Meddle:
    """Lets somebody else do something, one thing each time the solver is asked."""

    def arrange(acts: Iterable[Callable[[], object]]) -> None:
        left, check = iter(acts), breakage._with_breakage

        def checked(site: Site, change: SuiteChange) -> SuiteChange:
            for act in islice(left, 1):
                act()
            return check(site, change)

        monkeypatch.setattr(breakage, "_with_breakage", checked)

    return arrange


def test_what_somebody_else_changed_meanwhile_is_checked_as_well(
    shelf: Shelf, meddle: Meddle
) -> None:
    go(shelf, "foo")
    testing = shelf.scene.distribution("testing")
    meddle([lambda: remove(shelf.scene.site, ADMIN, testing, ["foo"], force=True)])
    with pytest.raises(WouldBreak):
        go(shelf, "app")
    assert shelf.has("testing") == {}


def test_a_build_that_joins_the_origin_meanwhile_is_checked_as_well(
    shelf: Shelf, meddle: Meddle
) -> None:
    foo = shelf.scene.distribution().sources.get(name="foo")

    def join() -> None:
        shelf.binary(foo, paragraph("libfoo-dev", "Depends: gone"))
        shelf.put(foo)

    meddle([join])
    with pytest.raises(WouldBreak, match="libfoo-dev"):
        go(shelf, "foo")
    assert shelf.has("testing") == {}


def put_in_testing(shelf: Shelf, name: str) -> None:
    shelf.put(shelf.source(name, suite="testing"), suite="testing")


def test_suites_that_never_hold_still_are_told_so(shelf: Shelf, meddle: Meddle) -> None:
    names = [f"package{number}" for number in range(9)]
    meddle(partial(put_in_testing, shelf, name) for name in names)
    with pytest.raises(CheckImpossible, match="5 times"):
        go(shelf, "foo")


def test_a_library_that_a_suite_leading_there_needs_is_not_removed(shelf: Shelf) -> None:
    site = shelf.scene.site
    go(shelf, "foo", whole_way=True)
    for suite in ("unstable", "testing"):
        remove(site, ADMIN, shelf.scene.distribution(suite), ["foo"])
    with pytest.raises(WouldBreak) as problem:
        remove(site, ADMIN, shelf.scene.distribution("stable"), ["foo"])
    assert problem.value.found == f"trixie-test-stable: {ALONE}"
