"""What is new in a source package, out of its changelog (Debian Policy 4.4, deb-changelog(5))."""

import re
from collections.abc import Iterator

from mini_buildd.deb.names import MalformedName
from mini_buildd.deb.version import Version, compare

_HEADING = re.compile(r"^[a-z0-9][a-z0-9+.-]* \(([^()\s]+)\)[^;\n]*;", re.IGNORECASE | re.MULTILINE)


def entries_since(text: str, older: Version) -> str:
    """The entries of *text* that came after those of *older*; empty when there are none.

    By their place, not by their versions: the entry of 2.0-1 is as new as that of its rebuild
    2.0-1~test13+1, which apt takes for the earlier one. Whatever does not look like an entry
    belongs to the one above it.
    """
    found = []
    for version, entry in _entries(text):
        if compare(version, older) <= 0 or older.startswith(f"{version}~"):
            break
        found.append(entry)
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
