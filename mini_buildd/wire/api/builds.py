"""Builds, as the JSON API tells of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mini_buildd.domain.states import JobState, Outcome
from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a build."""

    __pydantic_config__: ClassVar = DESCRIBED

    number: int
    builder: str
    assigned_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    outcome: Outcome | None
    """Null while it is under way."""
    stage: str
    """Where sbuild stopped."""
    reason: str
    seconds: float | None
    is_being_cancelled: bool
    phases: tuple[tuple[str, float], ...]
    """Pairs of a title and seconds."""
    peak_memory_bytes: int | None
    disk_bytes: int | None
    cpu_seconds: float | None
    notes: tuple[str, ...]
    """What the machine could not give."""


@dataclass(frozen=True, slots=True)
class Build:
    """A source package on an architecture."""

    __pydantic_config__: ClassVar = DESCRIBED

    id: int
    url: str
    """Of this build in the API."""
    page: str
    """Of this build for people."""
    source: str
    version: str
    """Of what it makes."""
    architecture: str
    build_architecture: str
    """Where it is cross-compiled; empty: natively."""
    distribution: str
    repository: str
    upload_id: int
    uploader: str
    state: JobState
    reason: str
    """Why it waits or failed."""
    is_optional: bool
    """Its failure holds nobody up."""
    is_open: bool
    """It has not come to its end."""
    created_at: datetime
    attempt: Attempt | None
    """The latest one."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a build made."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    package: str
    url: str
    """Where it can be had, while anything keeps it."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class BuildDetail:
    """All of one build."""

    __pydantic_config__: ClassVar = DESCRIBED

    build: Build
    attempts: tuple[Attempt, ...]
    """The newest first."""
    artifacts: tuple[Artifact, ...]
    buildinfo: Artifact | None
    expected_seconds: float | None
    """How long the latest good build of this source took there."""
    log_url: str
    may_cancel: bool
    """Whether you may, and there is something to cancel."""
    may_retry: bool


@dataclass(frozen=True, slots=True)
class BuildPage:
    """Builds, the newest first."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Build, ...]
    next: str | None
    """Where it goes on; null at the end."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A build that waits."""

    __pydantic_config__: ClassVar = DESCRIBED

    place: int
    """From 1 on, over all that wait."""
    why: str
    build: Build


@dataclass(frozen=True, slots=True)
class QueuePage:
    """What waits, in its order; what is in dep-wait comes last."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Queued, ...]
    count: int
    """Of all that you may see."""
    next: str | None
