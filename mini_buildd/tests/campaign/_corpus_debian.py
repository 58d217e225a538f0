"""Beside Debian's own packages: the same files and dependencies, and apt installs ours."""

import re
from pathlib import Path

from mini_buildd.tests.campaign._corpus_traits import output

# Only a binNMU has the first; debhelper leaves the second out once its news are old; the third are
# Sphinx's, which has others in each of its versions.
_PASSING = re.compile(
    r"/(?:changelog\.Debian\.[a-z0-9-]+|NEWS\.Debian)\.gz$|/html/_static/[a-z_-]+\.js$"
)
_FIELDS = ("Pre-Depends", "Depends", "Recommends", "Suggests", "Conflicts", "Breaks", "Provides")


def is_just_alike(ours: Path, theirs: Path) -> bool:
    """Whether the dependencies are the very same, or others in their bounds only.

    Raises AssertionError when files or dependencies are others.
    """
    _demand_alike(ours.name, "files", _files(ours) ^ _files(theirs))
    one, two = _relations(ours), _relations(theirs)
    if one == two:
        return True
    # Debian built it before a toolchain that asks for later versions of the same packages.
    _demand_alike(ours.name, "dependencies", _names(one) ^ _names(two))
    return False


def _files(deb: Path) -> set[str]:
    """Mode, owner and path of every member that does not depend on when it was built."""
    lines = output("dpkg-deb", "--contents", str(deb)).splitlines()
    listing = [line.split() for line in lines]
    members = {f"{words[0]} {words[1]} {words[5]}" for words in listing}
    return {each for each in members if not _PASSING.search(each)}


def _demand_alike(package: str, what: str, difference: set[str]) -> None:
    if difference:
        raise AssertionError(f"{package}: other {what} than Debian's: {sorted(difference)}")


def _relations(deb: Path) -> set[str]:
    """Each relation with its field; the package's own version is made alike."""
    version = output("dpkg-deb", "--field", str(deb), "Version")
    return {
        f"{field}: {relation.strip().replace(version, 'VERSION')}"
        for field in _FIELDS
        for line in output("dpkg-deb", "--field", str(deb), field).splitlines()
        for relation in line.split(",")
    }


def _names(relations: set[str]) -> set[str]:
    """The same without the versions asked for."""
    return {re.sub(r" \([^)]*\)", "", relation) for relation in relations}
