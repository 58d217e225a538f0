"""Layouts: which suites a repository has, what each is for, and how versions must end.

The default layout and the version rules are those that mini-buildd's users know.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mini_buildd.deb.version import Version


class VersionRule(StrEnum):
    """How the version of an upload must end, after ``~<repository><code>``."""

    NUMBERED = "numbered"  # +N with N ≥ 1
    ZERO = "zero"  # +0

    @property
    def ending(self) -> str:
        """The rule's own part as a regular expression."""
        return r"\+[1-9][0-9]*" if self is VersionRule.NUMBERED else r"\+0"

    @property
    def example(self) -> str:
        """The shortest ending that fits."""
        return "+1" if self is VersionRule.NUMBERED else "+0"


@dataclass(frozen=True, slots=True)
class SuiteRules:
    """One suite of a layout."""

    name: str
    purpose: str
    accepts_uploads: bool
    migrates_to: str | None
    kept_rollbacks: int
    version_rule: VersionRule
    not_automatic: bool = True
    but_automatic_upgrades: bool = True
    ignores_failed_checks: bool = False


DEFAULT_LAYOUT: tuple[SuiteRules, ...] = (
    SuiteRules(
        "stable",
        "what has passed testing; migrated to, never uploaded to",
        accepts_uploads=False,
        migrates_to=None,
        kept_rollbacks=6,
        version_rule=VersionRule.NUMBERED,
    ),
    SuiteRules(
        "testing",
        "what came through unstable and waits for stable",
        accepts_uploads=False,
        migrates_to="stable",
        kept_rollbacks=3,
        version_rule=VersionRule.NUMBERED,
    ),
    SuiteRules(
        "hotfix",
        "urgent fixes that go to stable directly",
        accepts_uploads=True,
        migrates_to="stable",
        kept_rollbacks=4,
        version_rule=VersionRule.NUMBERED,
    ),
    SuiteRules(
        "unstable",
        "where packages meant for a release are uploaded",
        accepts_uploads=True,
        migrates_to="testing",
        kept_rollbacks=9,
        version_rule=VersionRule.NUMBERED,
    ),
    SuiteRules(
        "snapshot",
        "the state of development, upgraded automatically once installed",
        accepts_uploads=True,
        migrates_to=None,
        kept_rollbacks=12,
        version_rule=VersionRule.ZERO,
        ignores_failed_checks=True,
    ),
    SuiteRules(
        "experimental",
        "trials; never installed unless asked for",
        accepts_uploads=True,
        migrates_to=None,
        kept_rollbacks=6,
        version_rule=VersionRule.ZERO,
        but_automatic_upgrades=False,
        ignores_failed_checks=True,
    ),
)


def version_mark(repository: str, code: str) -> str:
    """What every version carries near its end: "~test13" for repository test and trixie (13)."""
    return f"~{repository}{code}"


def fits_rule(version: Version, mark: str, rule: VersionRule) -> bool:
    """Whether *version* ends in *mark* followed by what *rule* demands."""
    return re.search(re.escape(mark) + rule.ending + r"\Z", version) is not None


def suites_seen(suite: str, migrates_to: Mapping[str, str | None]) -> tuple[str, ...]:
    """The suites whose packages a build for *suite* may use: itself and where it leads to."""
    seen: list[str] = []
    following: str | None = suite
    while following is not None and following not in seen:
        seen.append(following)
        following = migrates_to[following]
    return tuple(seen)
