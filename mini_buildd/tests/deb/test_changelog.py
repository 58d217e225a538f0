"""Which entries of a changelog came after those of an older version."""

import pytest

from mini_buildd.deb.changelog import entries_since
from mini_buildd.deb.version import Version

_TEXT = """\
hello (1:2.0-1~test13+1) trixie-test-unstable; urgency=medium

  * Rebuild for trixie (closes: #1); no change.

 -- Pat Packager <pat@example.invalid>  Fri, 20 Nov 2026 12:00:00 +0000

hello (1:2.0-1) unstable; urgency=high, binary-only=yes

  * New upstream release.
hello (not an entry, since it is of no distribution)

 -- Pat Packager <pat@example.invalid>  Thu, 19 Nov 2026 12:00:00 +0000

hello (version_of_long_ago) unstable; urgency=low

  * Forgotten.

hello (1.9-3) unstable; urgency=low

  * Older.
"""


def told(older: str) -> list[str]:
    """The versions of the entries."""
    text = entries_since(_TEXT, Version(older))
    return [line.split()[1].strip("()") for line in text.splitlines() if "; urgency" in line]


@pytest.mark.parametrize(
    ("older", "versions"),
    [
        ("1.9-3", ["1:2.0-1~test13+1", "1:2.0-1"]),
        # Its own entry is not there, or not kept: that of what was rebuilt is as good.
        ("1.9-3~test13+2", ["1:2.0-1~test13+1", "1:2.0-1"]),
        ("1.0", ["1:2.0-1~test13+1", "1:2.0-1", "1.9-3"]),
        ("1:2.0-1~test13+1", []),
        ("1:3.0-1", []),
    ],
)
def test_entries_are_told_down_to_those_of_the_older_version(
    older: str, versions: list[str]
) -> None:
    assert told(older) == versions


def test_an_entry_is_told_whole() -> None:
    text = entries_since(_TEXT, Version("1.9-3"))
    assert "hello (not an entry" in text
    assert "-- Pat Packager <pat@example.invalid>  Thu" in text


@pytest.mark.parametrize("text", ["", "\n", "no changelog (1.0) at all", "\0; ( ) ;"])
def test_what_is_no_changelog_has_no_entries(text: str) -> None:
    assert entries_since(text, Version("0.1")) == ""
