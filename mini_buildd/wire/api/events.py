"""Events, as the JSON API tells of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mini_buildd.domain.event import EventKind
from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; what it does not concern is null or empty."""

    __pydantic_config__: ClassVar = DESCRIBED

    id: int
    kind: EventKind
    at: datetime
    detail: str
    upload_id: int | None
    build_id: int | None
    source: str
    """The name of the source package."""
    package: str
    """The same with its version."""
    architecture: str
    distribution: str
    repository: str
    person: str
    """Whose upload or key it is: an account, or a user id of an OpenPGP key."""
    version: int | None
    """Of the suite."""
    snapshot: str


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, the oldest first."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Event, ...]
    last: int
    """Ask for what comes after this one the next time, also when there are no items."""
    next: str
    """The address for that."""
