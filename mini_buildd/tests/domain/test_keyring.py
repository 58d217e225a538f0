"""The keyring package's name and versions."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.deb.version import Version, compare
from mini_buildd.domain.keyring import keyring_name, keyring_version
from mini_buildd.domain.layout import VersionRule, fits_rule
from mini_buildd.domain.problem import VersionTooLow

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        ("mini-buildd", "mini-buildd-archive-keyring"),
        ("Build.Example.ORG", "build.example.org-archive-keyring"),
        ("A" * 63, "a" * 63 + "-archive-keyring"),
        ("Debian", "debian-local-archive-keyring"),
    ],
)
def test_any_identity_has_a_package_name_and_never_a_vendors(identity: str, name: str) -> None:
    assert keyring_name(identity) == name


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (VersionRule.NUMBERED, ["2026.11.20~test13+1", "2026.11.20~test13+2"]),
        (VersionRule.ZERO, ["2026.11.20~test13+0", "2026.11.20.1~test13+0"]),
    ],
)
def test_each_version_of_a_day_is_later(rule: VersionRule, expected: list[str]) -> None:
    made: list[Version] = []
    for _ in expected:
        made.append(keyring_version(TODAY, made, repository="test", code="13", rule=rule))
    assert made == expected


@pytest.mark.parametrize("odd", ["1:0.1~test13+1", "2999.01.01.z~test13+1"])
def test_what_no_date_comes_after_is_told(odd: str) -> None:
    with pytest.raises(VersionTooLow, match=re.escape(odd)):
        keyring_version(
            TODAY, [Version(odd)], repository="test", code="13", rule=VersionRule.NUMBERED
        )


@given(
    st.lists(
        st.tuples(st.dates(date(2026, 1, 1), date(2028, 1, 1)), st.sampled_from(VersionRule)),
        max_size=20,
    )
)
def test_versions_rise_whatever_the_clock_and_the_suite_and_fit_its_rule(
    uploads: list[tuple[date, VersionRule]],
) -> None:
    made: list[Version] = []
    for day, rule in uploads:
        version = keyring_version(day, made, repository="test", code="13", rule=rule)
        assert fits_rule(version, "~test13", rule)
        assert all(compare(version, other) > 0 for other in made)
        made.append(version)
