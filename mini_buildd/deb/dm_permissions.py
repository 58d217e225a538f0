"""Which source packages each Debian Maintainer may upload, as the Debian archive tells it.

The file is dm.txt of ftp-master: a paragraph a key with the fields Fingerprint, Uid and Allow;
Allow lists source packages, each with the key of who allowed it in parentheses.
"""

import re
from collections.abc import Mapping

from mini_buildd.deb.deb822 import MalformedControl, parse_paragraph
from mini_buildd.deb.names import Fingerprint, MalformedName, SourceName

Permissions = Mapping[Fingerprint, tuple[SourceName, ...]]

_GRANTER = re.compile(r"\([^()]*\)")


def parse_permissions(data: bytes) -> Permissions:
    """The source packages by key; raises MalformedControl, and then nothing of it counts."""
    found: dict[Fingerprint, tuple[SourceName, ...]] = {}
    for text in re.split(rb"\n(?:[ \t\r]*\n)+", data.strip(b"\r\n\t ")):
        if not text:
            continue
        paragraph = parse_paragraph(text)
        try:
            key = Fingerprint(paragraph.require("Fingerprint").replace(" ", "").upper())
            sources = _sources(paragraph.get("Allow") or "")
        except MalformedName as error:
            raise MalformedControl(str(error)) from None
        found[key] = (*found.get(key, ()), *sources)
    return found


def _sources(text: str) -> tuple[SourceName, ...]:
    names = (each.strip() for each in _GRANTER.sub("", text).split(","))
    return tuple(SourceName(name) for name in names if name)
