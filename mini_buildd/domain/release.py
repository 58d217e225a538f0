"""Releases of the base distribution and the code that stands for them in versions."""

from dataclasses import dataclass

from mini_buildd.deb.names import Codename


@dataclass(frozen=True, slots=True)
class Release:
    """A release as distro-info knows it; *number* is None while it has none (sid)."""

    vendor: str
    codename: Codename
    number: str | None


def version_code(release: Release) -> str:
    """The part of versions that makes them sort upwards from release to release.

    13 for Debian 13, 2404 for Ubuntu 24.04, ~SID for a rolling release, which sorts before any.
    """
    if release.number is None:
        return f"~{release.codename.upper()}"
    return release.number.partition(" ")[0].replace(".", "")
