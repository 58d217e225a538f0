"""The archive's keyring package: its name, which nobody else may use, and its versions."""

import re
from collections.abc import Iterable
from datetime import date

from mini_buildd.deb.names import SourceName
from mini_buildd.deb.version import Version, compare
from mini_buildd.domain.layout import VersionRule, version_mark

# Their keyrings have this name already, and apt would take ours for the later version of them.
_VENDORS = frozenset({"debian", "debian-ports", "ubuntu"})

_DATED = re.compile(r"([0-9]{4}\.[0-9]{2}\.[0-9]{2})")


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

    2026.11.20~test13+1, then +2; where the rule wants +0, 2026.11.20~test13+0, then
    2026.11.20.1~test13+0. When the clock was set back, the day is that of the latest one.
    """
    before = list(taken)
    days = [match[1] for version in before if (match := _DATED.match(version))]
    day = max([f"{today:%Y.%m.%d}", *days])
    mark = version_mark(repository, code)
    number = 0
    while True:
        version = _version(day, number, mark, rule)
        if all(compare(version, other) > 0 for other in before):
            return version
        number += 1


def _version(day: str, number: int, mark: str, rule: VersionRule) -> Version:
    if rule is VersionRule.NUMBERED:
        return Version(f"{day}{mark}+{number + 1}")
    return Version(f"{day}{f'.{number}' if number else ''}{mark}+0")
