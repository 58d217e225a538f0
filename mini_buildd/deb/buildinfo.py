"""What a .buildinfo (deb-buildinfo(5)) tells of the packages that a build was made with."""

import re
from collections.abc import Mapping

from mini_buildd.deb.deb822 import parse_paragraph

_INSTALLED = re.compile(r"([a-z0-9][a-z0-9+.-]+)(?::[a-z0-9-]+)? \(= ([^\s)]+)\)")


def installed_packages(data: bytes) -> Mapping[str, str]:
    """Name and version of each of its Installed-Build-Depends; raises MalformedControl."""
    text = parse_paragraph(data).get("Installed-Build-Depends") or ""
    return dict(_INSTALLED.findall(text))
