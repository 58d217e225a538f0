"""Layouts and version rules, as mini-buildd's users know them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.deb.names import Codename
from mini_buildd.deb.version import Version, compare
from mini_buildd.domain.layout import (
    DEFAULT_LAYOUT,
    VersionRule,
    fits_rule,
    suites_seen,
    version_mark,
)
from mini_buildd.domain.release import Release, version_code

_SUITES = {suite.name: suite for suite in DEFAULT_LAYOUT}

# suite: uploads, migrates to, rollbacks, rule, NotAutomatic, ButAutomaticUpgrades, ignores checks
_KNOWN = {
    "experimental": (True, None, 6, VersionRule.ZERO, True, False, True),
    "snapshot": (True, None, 12, VersionRule.ZERO, True, True, True),
    "unstable": (True, "testing", 9, VersionRule.NUMBERED, True, True, False),
    "testing": (False, "stable", 3, VersionRule.NUMBERED, True, True, False),
    "hotfix": (True, "stable", 4, VersionRule.NUMBERED, True, True, False),
    "stable": (False, None, 6, VersionRule.NUMBERED, True, True, False),
}


def test_the_default_layout_is_the_known_one() -> None:
    assert {
        name: (
            suite.accepts_uploads,
            suite.migrates_to,
            suite.kept_rollbacks,
            suite.version_rule,
            suite.not_automatic,
            suite.but_automatic_upgrades,
            suite.ignores_failed_checks,
        )
        for name, suite in _SUITES.items()
    } == _KNOWN


def test_a_suite_stands_after_the_one_it_leads_to() -> None:
    names = list(_SUITES)
    for suite in DEFAULT_LAYOUT:
        if suite.migrates_to:
            assert names.index(suite.migrates_to) < names.index(suite.name)


@pytest.mark.parametrize(
    ("version", "numbered", "zero"),
    [
        ("2.10-3~test13+1", True, False),
        ("2.10-3~test13+10", True, False),
        ("2.10-3~test13+0", False, True),
        ("2.10-3~test13+01", False, False),
        ("2.10-3~test13+00", False, False),
        ("2.10-3~test13+1+b1", False, False),
        ("2.10-3~test13+1a", False, False),
        ("2.10-3~test13", False, False),
        ("2.10-3~test130+1", False, False),
        ("2.10-3~test1+1", False, False),
        ("2.10-3~mytest13+1", False, False),
        ("2.10-3test13+1", False, False),
        ("2.10-3~test12+1~test13+1", True, False),
        ("2.10-3", False, False),
    ],
)
def test_a_version_must_end_as_its_suite_demands(
    version: str, *, numbered: bool, zero: bool
) -> None:
    mark = version_mark("test", "13")
    assert fits_rule(Version(version), mark, VersionRule.NUMBERED) is numbered
    assert fits_rule(Version(version), mark, VersionRule.ZERO) is zero


@given(st.integers(0, 10**6), st.sampled_from(["13", "2404", "~SID"]), st.sampled_from(VersionRule))
def test_just_one_rule_fits_a_number_and_its_own_example_fits(
    number: int, code: str, rule: VersionRule
) -> None:
    mark = version_mark("test", code)
    version = Version(f"1.0{mark}+{number}")
    assert fits_rule(version, mark, rule) is ((number == 0) is (rule is VersionRule.ZERO))
    assert fits_rule(Version(f"1.0{mark}{rule.example}"), mark, rule)


@pytest.mark.parametrize(
    ("number", "code"),
    [("12", "12"), ("13", "13"), ("24.04 LTS", "2404"), ("22.10", "2210"), (None, "~SID")],
)
def test_the_code_of_a_release(number: str | None, code: str) -> None:
    assert version_code(Release("Debian", Codename("sid"), number)) == code


def test_versions_sort_upwards_from_release_to_release_and_below_the_original() -> None:
    codes = ["~SID", "12", "13", "14"]
    versions = [Version(f"1.0-1{version_mark('test', code)}+1") for code in codes]
    versions.append(Version("1.0-1"))
    for earlier, later in pairwise(versions):
        assert compare(earlier, later) < 0


def test_a_build_may_use_its_suite_and_where_that_leads_to() -> None:
    leads_to = {suite.name: suite.migrates_to for suite in DEFAULT_LAYOUT}
    assert suites_seen("unstable", leads_to) == ("unstable", "testing", "stable")
    assert suites_seen("hotfix", leads_to) == ("hotfix", "stable")
    assert suites_seen("snapshot", leads_to) == ("snapshot",)


def test_suites_that_lead_in_a_circle_are_seen_once() -> None:
    assert suites_seen("a", {"a": "b", "b": "c", "c": "a"}) == ("a", "b", "c")
