"""The first steps of a new instance, as the JSON API tells of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mini_buildd.domain.first_steps import Progress, Step
from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One step of the checklist."""

    __pydantic_config__: ClassVar = DESCRIBED

    step: Step
    progress: Progress
    """done, open, running (by itself), failed (it can be tried again), or waits (for others)."""
    waits_for: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class ChrootProgress:
    """How far a chroot is that builds start from."""

    __pydantic_config__: ClassVar = DESCRIBED

    codename: str
    architecture: str
    progress: Progress
    step: str
    """What is being done, or was done last; empty when nothing was."""
    begun_at: datetime | None
    problem: str
    """Why it could not be made; empty unless that is so."""


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """From nothing to the first package that somebody can install."""

    __pydantic_config__: ClassVar = DESCRIBED

    is_complete: bool
    next: Step | None
    """What to see to now; null when all is done, or under way by itself."""
    steps: tuple[FirstStep, ...]
    chroots: tuple[ChrootProgress, ...]
