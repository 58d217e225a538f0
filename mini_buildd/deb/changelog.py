"""Entries of debian/changelog (Debian Policy 4.4, deb-changelog(5)), the newest first."""

import re
from collections.abc import Iterator

from mini_buildd.deb.names import MalformedName
from mini_buildd.deb.version import Version, compare

_HEADING = re.compile(r"^[a-z0-9][a-z0-9+.-]* \(([^()\s]+)\)[^;\n]*;", re.IGNORECASE | re.MULTILINE)


def entries_between(text: str, older: Version | None, newest: Version) -> str:
    """The entries of *text* later than *older*, up to *newest*; empty when there are none.

    Whatever does not look like an entry belongs to the one above it.
    """
    found = [
        entry
        for version, entry in _entries(text)
        if compare(version, newest) <= 0 and (older is None or compare(version, older) > 0)
    ]
    return "\n\n".join(found)


def _entries(text: str) -> Iterator[tuple[Version, str]]:
    headings = list(_HEADING.finditer(text))
    places = [*(heading.start() for heading in headings), len(text)]
    for heading, end in zip(headings, places[1:], strict=True):
        try:
            version = Version(heading[1])
        except MalformedName:  # as some very old ones are
            continue
        yield version, text[heading.start() : end].strip()
