"""What people are told by mail: of which uploads, and whether of all or of failures only."""

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from mini_buildd.domain.event import EventKind
from mini_buildd.domain.problem import SubscriptionImpossible

MOST_OF_AN_ACCOUNT = 200
_LONGEST = 130
_PATTERN = re.compile(r"[a-z0-9*?][a-z0-9+.*?-]*")
_PLACE = re.compile(r"[A-Za-z0-9~][A-Za-z0-9.~+-]*")


class Wants(StrEnum):
    """Of which ends of uploads somebody wants to hear."""

    ALL = "all"
    FAILURES = "failures"
    NOTHING = "nothing"

    def includes(self, outcome: EventKind) -> bool:
        """Whether a mail on that *outcome* is wanted."""
        return self is Wants.ALL or (self is Wants.FAILURES and outcome in FAILURES)


OUTCOMES = frozenset(
    {
        EventKind.UPLOAD_REJECTED,
        EventKind.SOURCE_HELD,
        EventKind.SOURCE_SUPERSEDED,
        EventKind.SUITE_PUBLISHED,
    }
)
"""How an upload ends."""
FAILURES = frozenset({EventKind.UPLOAD_REJECTED, EventKind.SOURCE_HELD})


@dataclass(frozen=True, slots=True)
class SubscriptionWish:
    """What somebody wants to hear of: *package* may have * and ?; what is empty does not matter.

    Raises SubscriptionImpossible for one that cannot be.
    """

    package: str = ""
    repository: str = ""
    distribution: str = ""
    wants: Wants = Wants.ALL

    def __post_init__(self) -> None:
        for what, text, grammar in (
            ("the name of a source package, or a pattern such as lib*", self.package, _PATTERN),
            ("the name of a repository", self.repository, _PLACE),
            ("the name of a suite", self.distribution, _PLACE),
        ):
            if text and not (len(text) <= _LONGEST and grammar.fullmatch(text)):
                raise SubscriptionImpossible(
                    expected=what, found=text[:_LONGEST], hint="Leave it empty for all."
                )
        if self.wants is Wants.NOTHING:
            raise SubscriptionImpossible(
                expected="all or failures", found="nothing", hint="End the subscription instead."
            )

    def fits(self, package: str, repository: str, distribution: str) -> bool:
        """Whether an upload of *package* to those is meant."""
        return (
            (not self.package or fnmatchcase(package, self.package))
            and self.repository in ("", repository)
            and self.distribution in ("", distribution)
        )
