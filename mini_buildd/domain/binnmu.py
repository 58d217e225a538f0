"""Building the binary packages of a published source again, as version …+bN (a binNMU).

The source package stays as it is; all architectures of one order get the same number, since
packages that are Multi-Arch: same can be installed together only in one version.
"""

import re
from collections.abc import Iterable

from mini_buildd.deb.version import Version

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
