"""An event as it is told, and who may be told of it.

Lists ask the database for what may be seen (db/visibility.py). What is handed on as it happens is
decided here by the same rules, without asking again for each who listens.
"""

from dataclasses import dataclass
from datetime import datetime

from mini_buildd.domain.event import EventKind

# Why somebody's key was refused is theirs to know, and the administrators'.
OF_KEYS = frozenset(kind for kind in EventKind if kind.value.startswith("uploader_key."))
# Where somebody has things sent to is nobody's business either.
OF_ADMINISTRATORS = frozenset({EventKind.WEBHOOK_STOPPED})


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom an event is for: what db/visibility.py asks of it.

    *repositories* are those that it tells of. *owner* is the account whose key or upload it is.
    *unplaced* is what an upload names as its distribution, while nobody knows where it belongs;
    None with all else.
    """

    repositories: frozenset[str] = frozenset()
    owner: str = ""
    unplaced: str | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event with what it concerns; ids are None and texts empty where it does not."""

    id: int
    kind: EventKind
    at: datetime
    detail: str
    upload_id: int | None
    job_id: int | None
    source: str
    package: str  # the source package with its version
    architecture: str
    distribution: str
    repository: str
    person: str
    version: int | None  # of the distribution
    snapshot: str
    audience: Audience = Audience()

    def may_be_seen(self, account: str, *, is_admin: bool, hidden: frozenset[str]) -> bool:
        """Whether *account* may be told, from whom the repositories *hidden* are hidden."""
        mine = bool(account) and self.audience.owner == account
        if self.kind in OF_KEYS and not (mine or is_admin):
            return False
        if self.kind in OF_ADMINISTRATORS and not is_admin:
            return False
        if not hidden:
            return True
        if self.audience.repositories & hidden:
            return False
        named = self.audience.unplaced
        if named is None:
            return True
        return mine if not named else not any(f"-{name}-" in named for name in hidden)
