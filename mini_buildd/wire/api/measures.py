"""What was counted, what builds were made with, and the schedule, as the JSON API tells of them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class BuildDay:
    """How the attempts at builds that ended on a day (UTC) have ended."""

    __pydantic_config__: ClassVar = DESCRIBED

    day: date
    good: int
    failed: int
    other: int
    """Lost, cancelled, in dep-wait."""
    mean_seconds: float | None
    """What a good one took."""


@dataclass(frozen=True, slots=True)
class BuildDays:
    """Days on which any ended, the oldest first."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[BuildDay, ...]


@dataclass(frozen=True, slots=True)
class QueueSample:
    """How many builds waited and ran for an architecture, at most, in some minutes."""

    __pydantic_config__: ClassVar = DESCRIBED

    at: datetime
    """When these minutes began."""
    architecture: str
    waiting: int
    running: int
    minutes: int


@dataclass(frozen=True, slots=True)
class QueueSamples:
    """Samples, the oldest first; where there is none, nothing waited and nothing ran."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[QueueSample, ...]
    next: str | None
    """Where those behind them are; null if these are all."""


@dataclass(frozen=True, slots=True)
class InstalledPackage:
    """A package that a build was made with."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class InstalledChange:
    """A package that the good build before was made with in another version."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    before: str | None
    """Null: it was not there."""
    after: str | None


@dataclass(frozen=True, slots=True)
class BuiltWith:
    """What a good build was made with, by its .buildinfo."""

    __pydantic_config__: ClassVar = DESCRIBED

    packages: tuple[InstalledPackage, ...]
    before: int | None
    """The number of the good build before; null if there is none."""
    changes: tuple[InstalledChange, ...]


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a log."""

    __pydantic_config__: ClassVar = DESCRIBED

    number: int
    text: str
    is_error: bool
    """It looks like one that tells why."""


@dataclass(frozen=True, slots=True)
class LogLines:
    """Lines that have what was looked for."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[LogLine, ...]
    is_cut: bool
    """There may be more of them."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that the daemon does by itself, and how it went last."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    sweep_seconds: float
    """It looks so often, and whenever something happens that concerns it."""
    begun_at: datetime | None
    seconds: float | None
    next_at: datetime | None
    is_running: bool
    problem: str
    """Why it failed last; empty: it did not."""
    count: int
    failures: int


@dataclass(frozen=True, slots=True)
class PlannedSnapshot:
    """An automatic snapshot to come."""

    __pydantic_config__: ClassVar = DESCRIBED

    repository: str
    kind: str
    kept: int
    next_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlannedRenewal:
    """A suite that is signed anew before its Valid-Until."""

    __pydantic_config__: ClassVar = DESCRIBED

    distribution: str
    valid_until: datetime
    next_at: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """What happens by itself, and when."""

    __pydantic_config__: ClassVar = DESCRIBED

    steps: tuple[Step, ...]
    snapshots: tuple[PlannedSnapshot, ...]
    renewals: tuple[PlannedRenewal, ...]
