"""The instance and its builders, as the JSON API tells of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class Way:
    """A way in for uploads."""

    __pydantic_config__: ClassVar = DESCRIBED

    method: str
    """As dput names it: ftp, sftp, http, https …"""
    url: str


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
