"""The instance and its builders, as the JSON API tells of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class Status:
    """What goes on at this moment, of what you may see."""

    __pydantic_config__: ClassVar = DESCRIBED

    identity: str
    version: str
    """Of mini-buildd."""
    running: int
    waiting: int
    """In the queue, with those in dep-wait."""
    last_event: int
    """Events after this one are still to come."""
    troubles: tuple[str, ...]
    """What cannot be published at present, and why."""


@dataclass(frozen=True, slots=True)
class DputSection:
    """What dput or dput-ng needs to know for one of the ways in."""

    __pydantic_config__: ClassVar = DESCRIBED

    way: str
    program: str
    """Which of the two reads it; dput-ng reads what is for dput, too."""
    alias: str
    """The name by which it is told to upload here."""
    file: str
    """Where the text belongs."""
    text: str


@dataclass(frozen=True, slots=True)
class DputSections:
    """All ways in that are open, the one to take first at the front."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[DputSection, ...]


@dataclass(frozen=True, slots=True)
class Builder:
    """A machine that builds."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    is_enabled: bool
    is_silent: bool
    """Nothing was heard of it for longer than a lease lasts."""
    slots: int
    running: int
    cores: int
    memory_mb: int
    disk_mb: int
    architectures: tuple[str, ...]
    tags: tuple[str, ...]
    seen_at: datetime | None
    set_aside_at: datetime | None
    """Since when it is given no jobs."""
    set_aside_until: datetime | None
    set_aside_reason: str


@dataclass(frozen=True, slots=True)
class BuilderPage:
    """All builders, by name."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Builder, ...]
