"""Building the binary packages of a published source again, as version …+bN (a binNMU).

The source package stays as it is; all architectures of one order get the same number, since
packages that are Multi-Arch: same can be installed together only in one version.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mini_buildd.deb.version import Version, compare

_NUMBER = re.compile(r"\+b([0-9]{1,6})\Z")


def binnmu_version(version: Version, number: int) -> Version:
    """What *version* becomes by rebuild *number*; 0 is the build of the source itself."""
    return Version(f"{version}+b{number}") if number else version


def binnmu_number(version: str) -> int:
    """The number of the rebuild that a binary package of *version* is from; 0: of none."""
    match = _NUMBER.search(version)
    return int(match[1]) if match else 0


def next_number(versions: Iterable[str], ordered: Iterable[int]) -> int:
    """The next free one: there are packages of *versions*, and *ordered* were rebuilds before."""
    return 1 + max([0, *(binnmu_number(version) for version in versions), *ordered])


@dataclass(frozen=True, slots=True)
class Built:
    """A binary package of a source: its row's *id*, and the *number* of the rebuild that made it.

    Of what was built elsewhere nobody knows the rebuild; that is 0, too.
    """

    id: int
    package: str
    version: Version
    architecture: str
    number: int


def current(built: Iterable[Built]) -> set[int]:
    """Which of these packages of one source a suite is to have: on each architecture the latest.

    A rebuild takes the place of all that was built for its architecture before, also of what it no
    longer makes. What is for all architectures is never rebuilt.
    """
    built = list(built)
    last: dict[str, int] = {}
    for each in built:
        last[each.architecture] = max(each.number, last.get(each.architecture, 0))
    chosen: dict[tuple[str, str], Built] = {}
    for each in built:
        if each.number == last[each.architecture]:
            other = chosen.setdefault((each.package, each.architecture), each)
            if compare(each.version, other.version) > 0:
                chosen[each.package, each.architecture] = each
    return {each.id for each in chosen.values()}
