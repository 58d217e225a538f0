"""What a builder can take: whether a job could ever run there, and whether there is room now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mini_buildd.domain.needs import Needs

_GONE_AFTER = timedelta(minutes=5)

Place = tuple[str, str]  # the base release's codename and the architecture it is built on


@dataclass(frozen=True, slots=True)
class Demand:
    """What jobs have in common that the same builders can take.

    *lost_by* are builders that have lost such a job, for reasons of their own.
    """

    place: Place
    needs: Needs
    lost_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Capacity:
    """One builder; 0 and nothing at all are what it does not tell, and bound nothing."""

    name: str
    slots: int
    cores: int = 0
    memory_mb: int = 0
    disk_mb: int = 0
    architectures: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    is_enabled: bool = True
    set_aside_at: datetime | None = None
    set_aside_until: datetime | None = None
    seen_at: datetime | None = None

    def could_take(self, demand: Demand) -> bool:
        """Whether it could run such a job if nothing else ran there."""
        needs = demand.needs
        return (
            (not self.architectures or demand.place[1] in self.architectures)
            and needs.tags <= self.tags
            and _fits(needs.memory_mb, self.memory_mb)
            and _fits(needs.disk_mb, self.disk_mb)
            and _fits(needs.cores, self.cores)
        )

    def slots_at(self, now: datetime) -> int:
        """How many jobs it may have: one to prove itself, after it was set aside."""
        if not self.is_enabled:
            return 0
        if self.set_aside_at is None:
            return self.slots
        is_over = self.set_aside_until is not None and self.set_aside_until <= now
        return min(1, self.slots) if is_over else 0

    def is_there(self, now: datetime) -> bool:
        """Whether it was seen not long ago."""
        return self.seen_at is not None and now - self.seen_at < _GONE_AFTER


@dataclass(frozen=True, slots=True)
class Room:
    """What of a builder nobody uses; None is no bound."""

    memory_mb: int | None
    disk_mb: int | None

    def has(self, needs: Needs) -> bool:
        """Whether a job with these *needs* can begin."""
        return (self.memory_mb is None or needs.memory_mb <= self.memory_mb) and (
            self.disk_mb is None or needs.disk_mb <= self.disk_mb
        )


def room_of(builder: Capacity, running: Iterable[Needs]) -> Room:
    """What is left of *builder* beside the *running* jobs."""
    memory, disk = 0, 0
    for needs in running:
        memory, disk = memory + needs.memory_mb, disk + needs.disk_mb
    return Room(
        builder.memory_mb - memory if builder.memory_mb else None,
        builder.disk_mb - disk if builder.disk_mb else None,
    )


def _fits(needed: int, there: int) -> bool:
    return not there or needed <= there
