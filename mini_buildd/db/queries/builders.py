"""Builders, and which of them are set aside."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from mini_buildd.db.models import Attempt, Builder


@dataclass(frozen=True, slots=True)
class BuilderRow:
    """A builder; set aside without an *until* means: until somebody takes it back."""

    name: str
    is_enabled: bool
    slots: int
    running: int
    faults: int
    seen_at: datetime | None
    set_aside_at: datetime | None
    set_aside_until: datetime | None
    set_aside_reason: str


def list_builders() -> tuple[BuilderRow, ...]:
    """All builders, by name."""
    counts = Attempt.objects.filter(outcome="").order_by().values("builder")
    running = dict(counts.annotate(n=Count("pk")).values_list("builder", "n"))
    return tuple(_row(row, running.get(row.name, 0)) for row in Builder.objects.order_by("name"))


def list_aside() -> tuple[BuilderRow, ...]:
    """Those that are set aside, for people to see."""
    rows = Builder.objects.filter(set_aside_at__isnull=False).order_by("name")
    return tuple(_row(row, 0) for row in rows)


def _row(row: Builder, running: int) -> BuilderRow:
    return BuilderRow(
        name=row.name,
        is_enabled=row.is_enabled,
        slots=row.slots,
        running=running,
        faults=row.faults,
        seen_at=row.seen_at,
        set_aside_at=row.set_aside_at,
        set_aside_until=row.set_aside_until,
        set_aside_reason=row.set_aside_reason,
    )
