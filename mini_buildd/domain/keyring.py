"""The archive's keyring package: its name, which nobody else may use, and its versions."""

import re
from collections.abc import Iterable
from datetime import date

from mini_buildd.deb.names import SourceName
from mini_buildd.deb.version import Version, compare
from mini_buildd.domain.layout import VersionRule, version_mark
from mini_buildd.domain.problem import VersionTooLow

# Their keyrings have this name already, and apt would take ours for the later version of them.
_VENDORS = frozenset({"debian", "debian-ports", "ubuntu"})

_MOST_A_DAY = 1000

_DATED = re.compile(r"([0-9]{4}\.[0-9]{2}\.[0-9]{2})")


def archive_maintainer(identity: str) -> str:
    """Who maintains what the archive makes itself."""
    return f"{identity} archive <{identity}@archive.invalid>"


def keyring_name(identity: str) -> SourceName:
    """The source and the binary package that hold the keys of the instance *identity*."""
    name = identity.lower()
    return SourceName(
        f"{name}-local-archive-keyring" if name in _VENDORS else f"{name}-archive-keyring"
    )


def keyring_version(
    today: date, taken: Iterable[Version], *, repository: str, code: str, rule: VersionRule
) -> Version:
    """The first version of *today* that is later than all that are *taken* and fits the suite.

    2026.11.20~test13+1, then +2; where that is not later or the rule wants +0, 2026.11.20.1~….
    When the clock was set back, the day is that of the latest one. Raises VersionTooLow when
    somebody else has made one that no date comes after.
    """
    before = list(taken)
    days = [match[1] for version in before if (match := _DATED.match(version))]
    day = max([f"{today:%Y.%m.%d}", *days])
    mark = version_mark(repository, code)
    for stem in (f"{day}{mark}", *(f"{day}.{number}{mark}" for number in range(1, _MOST_A_DAY))):
        version = Version(f"{stem}+{_number(stem, before, rule)}")
        if all(compare(version, other) > 0 for other in before):
            return version
    raise VersionTooLow(
        expected="versions of the keyring package that begin with a date",
        found=", ".join(before),
        hint="Remove those that the archive has not made itself.",
    )


def _number(stem: str, before: Iterable[Version], rule: VersionRule) -> int:
    """What stands behind the plus: 0, or one more than there is."""
    if rule is VersionRule.ZERO:
        return 0
    tails = [version.removeprefix(f"{stem}+") for version in before]
    return 1 + max((int(tail) for tail in tails if tail.isdecimal()), default=0)
