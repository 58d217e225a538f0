"""Codenames and release numbers, from distro-info's data."""

from datetime import date

import distro_info

from mini_buildd.deb.names import Codename
from mini_buildd.domain.release import Release


class ReleaseUnknown(Exception):
    """Distro-info knows no such codename."""


def find_release(codename: Codename) -> Release:
    """The Debian or Ubuntu release of that codename; raises ReleaseUnknown."""
    for vendor, info in (
        ("Debian", distro_info.DebianDistroInfo()),
        ("Ubuntu", distro_info.UbuntuDistroInfo()),
    ):
        if info.valid(codename) and codename in info.all:
            number = str(info.version(codename, "") or "")
            return Release(vendor, codename, number if number[:1].isdigit() else None)
    raise ReleaseUnknown(codename)


def is_released(codename: Codename, today: date) -> bool:
    """Whether Debian released it, so that it has security and update suites of its own."""
    info = distro_info.DebianDistroInfo()
    return codename in (*info.supported(today), *info.unsupported(today)) and codename not in (
        info.devel(today),
        info.testing(today),
    )


def releases_in_use(today: date) -> tuple[Codename, ...]:
    """The Debian releases that packages may be wanted for, the stable one first."""
    info = distro_info.DebianDistroInfo()
    try:
        known = [info.stable(today), *reversed(info.supported(today))]
    except distro_info.DistroDataOutdated:
        known = list(reversed(info.all))
    return tuple(Codename(each) for each in dict.fromkeys(known) if each != "experimental")


def is_outdated(today: date) -> bool:
    """Whether the data ends before *today*, so that a later release is not in it."""
    try:
        distro_info.DebianDistroInfo().devel(today)
        distro_info.UbuntuDistroInfo().stable(today)
    except distro_info.DistroDataOutdated:
        return True
    return False
