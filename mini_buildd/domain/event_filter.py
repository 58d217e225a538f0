"""Which events somebody wants to hear of."""

from dataclasses import dataclass
from datetime import datetime

from mini_buildd.domain.event import EventKind
from mini_buildd.domain.event_row import EventRow


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Events that fit all of what is given; what is empty or None says nothing.

    *package* is the name of a source package, *person* whose upload or key it is; *since* is
    included, *until* is not.
    """

    kinds: frozenset[EventKind] = frozenset()
    package: str = ""
    distribution: str = ""
    repository: str = ""
    person: str = ""
    upload_id: int | None = None
    job_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, row: EventRow) -> bool:
        """Whether *row* is one of them."""
        asked = (
            (self.package, row.source),
            (self.distribution, row.distribution),
            (self.repository, row.repository),
            (self.person, row.person),
            (self.upload_id, row.upload_id),
            (self.job_id, row.job_id),
        )
        return (
            (not self.kinds or row.kind in self.kinds)
            and all(wanted in ("", None, found) for wanted, found in asked)
            and (self.since is None or row.at >= self.since)
            and (self.until is None or row.at < self.until)
        )


EVERYTHING = EventFilter()
