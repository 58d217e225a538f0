"""What counts as broken by a change."""

from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.domain.installability import Broken, newly_broken

_PACKAGES = st.tuples(st.sampled_from("abc"), st.sampled_from("123"))
_SETS = st.frozensets(_PACKAGES, max_size=6)


def _broken(*packages: tuple[str, str]) -> list[Broken]:
    return [Broken(name, version, "amd64", ("is broken",)) for name, version in packages]


def _new(
    present: set[tuple[str, str]], before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    found = newly_broken(present=present, before=_broken(*before), after=_broken(*after))
    return [(each.package, each.version) for each in found]


def test_what_was_installable_and_is_no_more_is_newly_broken() -> None:
    assert _new({("a", "1")}, [], [("a", "1")]) == [("a", "1")]
    assert _new({("a", "1")}, [], [("a", "2")]) == [("a", "2")]


def test_a_newcomer_that_cannot_be_installed_is_newly_broken() -> None:
    assert _new({("a", "1")}, [("a", "1")], [("b", "1")]) == [("b", "1")]


def test_an_upgrade_of_what_was_broken_is_an_old_sorrow() -> None:
    assert _new({("a", "1")}, [("a", "1")], [("a", "2")]) == []


def test_a_broken_version_does_not_hide_that_another_one_breaks() -> None:
    assert _new({("a", "1"), ("a", "2")}, [("a", "2")], [("a", "1"), ("a", "2")]) == [("a", "1")]


@given(_SETS, _SETS, _SETS)
def test_each_newly_broken_package_was_not_broken_before(
    present: frozenset[tuple[str, str]],
    before: frozenset[tuple[str, str]],
    after: frozenset[tuple[str, str]],
) -> None:
    present |= before
    found = newly_broken(present=present, before=_broken(*before), after=_broken(*after))
    assert list(found) == sorted(found)
    versions = {(each.package, each.version) for each in found}
    assert versions <= after - before
    # All that is broken afterwards is new, or was there without any version to install.
    for package, version in after - before - versions:
        known = {each for each in present if each[0] == package}
        assert known, (package, version)
        assert known <= before


@given(_SETS, _SETS)
def test_without_a_change_nothing_is_newly_broken(
    present: frozenset[tuple[str, str]], broken: frozenset[tuple[str, str]]
) -> None:
    before = _broken(*broken)
    assert newly_broken(present=present | broken, before=before, after=before) == ()


def test_a_broken_package_is_told_in_a_sentence() -> None:
    broken = Broken("app", "1:2-3", "all", ("depends on b, which nothing provides", "needs c"))
    assert str(broken) == "app 1:2-3 (all) depends on b, which nothing provides; needs c"
    assert Broken("a", "1", "all", tuple("vwxyz")).reason == "v; w; x; and for 2 more reasons"
