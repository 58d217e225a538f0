"""Entries of a changelog between two versions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.deb.changelog import entries_between
from mini_buildd.deb.version import Version


def entry(version: str) -> str:
    return (
        f"hello ({version}) unstable; urgency=medium\n\n  * Of {version}.\n\n"
        " -- Pat Packager <pat@example.invalid>  Fri, 20 Nov 2026 12:00:00 +0000\n"
    )


TEXT = "\n".join(map(entry, ["1:0.1-1", "1.10-1", "1.9-1", "1.9~rc1-1", "1.8-1"]))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("1.9-1", "1.10-1", ["1.10-1"]),
        ("1.8-1", "1.10-1", ["1.10-1", "1.9-1", "1.9~rc1-1"]),
        ("1.8-1+own1", "1.9-1+own1", ["1.9-1", "1.9~rc1-1"]),
        ("1.10-1", "1:0.1-1", ["1:0.1-1"]),
        (None, "1.9~rc1-1", ["1.9~rc1-1", "1.8-1"]),
        ("1.9-1", "1.9-1", []),
        ("2.0-1", "1.9-1", []),
    ],
)
def test_they_are_those_that_are_later_than_the_one_up_to_the_other(
    old: str | None, new: str, found: list[str]
) -> None:
    expected = "\n".join(map(entry, found))
    assert entries_between(TEXT, Version(old) if old else None, Version(new)) == expected


def test_what_nobody_can_read_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    bad = "hello (-) unstable; urgency=medium\n\n  * Of no version.\n\n -- \n"
    unsigned = "hello (2-1) unstable; urgency=medium\n\n  * By nobody.\n"
    text = "\n".join(["nonsense", bad, unsigned, "more nonsense", entry("1-1"), "vim: off"])
    told = entries_between(text, None, Version("2-1"))
    assert "By nobody" in told
    assert "no version" not in told
    assert entries_between("", None, Version("1")) == ""
    assert caplog.text == ""


@given(st.text() | st.lists(st.sampled_from([TEXT, "x\n", " -- \n", "\n", "a (1) b; c\n"])))
def test_any_text_is_borne(text: str | list[str]) -> None:
    entries_between("".join(text), Version("1.8-1"), Version("2"))
