"""What a build needs of a builder, as somebody has said or as earlier builds have shown."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# A build that needed so much may need a little more the next time.
_MARGIN = 1.25
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Needs:
    """What a build needs; 0 is what nobody knows, and counts as nothing."""

    memory_mb: int = 0
    disk_mb: int = 0
    cores: int = 0
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody has said of a source package, where it is not None."""

    memory_mb: int | None = None
    disk_mb: int | None = None
    cores: int | None = None
    tags: frozenset[str] = frozenset()
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier good build; None is what nobody has measured."""

    seconds: float | None
    peak_memory_bytes: int | None
    disk_bytes: int | None


def needs_of(said: Said, past: Sequence[Past]) -> Needs:
    """What was said counts; else the most of the *past* builds, with a margin."""
    memory = max((each.peak_memory_bytes or 0 for each in past), default=0)
    disk = max((each.disk_bytes or 0 for each in past), default=0)
    return Needs(
        memory_mb=_learnt(memory) if said.memory_mb is None else said.memory_mb,
        disk_mb=_learnt(disk) if said.disk_mb is None else said.disk_mb,
        cores=said.cores or 0,
        tags=said.tags,
    )


def expected_seconds(past: Sequence[Past]) -> float | None:
    """How long it will take, by the *past* builds."""
    known = [each.seconds for each in past if each.seconds is not None]
    return median(known) if known else None


def _learnt(count: int) -> int:
    """Megabytes with a margin, in steps of about a quarter.

    Builds with needs that are nearly alike count as alike, which keeps decisions quick.
    """
    wanted = math.ceil(count * _MARGIN / _MIB)
    if wanted <= 0:
        return 0
    step = max(64, 1 << max(0, wanted.bit_length() - 3))
    return -(-wanted // step) * step
