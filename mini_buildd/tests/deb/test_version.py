"""Versions: what dpkg takes, and in the order that dpkg has."""

import subprocess

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mini_buildd.deb.names import MalformedName
from mini_buildd.deb.version import Version, compare

_PIECES = ["0", "1", "9", "10", "007", "a", "b", "Z", "~", "+", ".", "-", "~~", "+b1", "rc"]
_TEXTS = st.builds(
    lambda epoch, first, rest: epoch + first + "".join(rest),
    st.sampled_from(["", "", "", "0:", "1:", "12:"]),
    st.sampled_from(["0", "1", "2", "10"]),
    st.lists(st.sampled_from(_PIECES), max_size=6),
)
_VERSIONS = _TEXTS.filter(lambda text: not text.endswith("-")).map(Version)


def _dpkg(*arguments: str) -> bool:
    done = subprocess.run(["dpkg", *arguments], check=False, capture_output=True)
    return done.returncode == 0


@given(_VERSIONS, _VERSIONS)
@settings(deadline=None, max_examples=150)
def test_the_order_is_that_of_dpkg(left: Version, right: Version) -> None:
    order = compare(left, right)
    operator = {-1: "lt", 0: "eq", 1: "gt"}[order]
    assert _dpkg("--compare-versions", left, operator, right)
    assert compare(right, left) == -order


@given(st.one_of(_TEXTS, st.text(alphabet="0123:-~+.aA _\n", max_size=12)))
@settings(deadline=None, max_examples=150)
def test_what_we_take_for_a_version_dpkg_takes_too(text: str) -> None:
    try:
        version = Version(text)
    except MalformedName:
        assume(False)  # noqa: FBT003  # hypothesis has it so
    assert _dpkg("--validate-version", str(version))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a1",
        "1.0\n",
        " 1.0",
        "1.0 ",
        "1_0",
        "1:",
        "-1",
        "1.0-",
        "1:1-",
        "1/0",
        "\u0661",
        "1" * 200,
    ],
)
def test_a_text_that_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(MalformedName):
        Version(text)


@pytest.mark.parametrize(
    ("text", "without_epoch", "upstream"),
    [
        ("1.0", "1.0", "1.0"),
        ("1.0-1", "1.0-1", "1.0"),
        ("2:1.0-rc1-1~test13+1", "1.0-rc1-1~test13+1", "1.0-rc1"),
    ],
)
def test_the_parts_of_a_version(text: str, without_epoch: str, upstream: str) -> None:
    version = Version(text)
    assert (version.without_epoch, version.upstream) == (without_epoch, upstream)
