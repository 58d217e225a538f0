"""Builders as people see them: what they have, what they do, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Max, Window
from django.db.models.functions import RowNumber

from mini_buildd.db.models import Attempt, Builder
from mini_buildd.db.queries.builds import AttemptRow, attempt_row
from mini_buildd.db.visibility import visible

_SHOWN = 5
# Of so many attempts at all the last ones of each builder are looked for, so that the page does not
# become slower with the years.
_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class LastBuild:
    """What a builder has built."""

    job_id: int
    source: str
    architecture: str
    attempt: AttemptRow


@dataclass(frozen=True, slots=True)
class BuilderRow:
    """One builder; *is_silent* when nothing was heard of it for longer than a lease lasts."""

    id: int
    name: str
    is_enabled: bool
    slots: int
    running: int
    cores: int
    memory_mb: int
    disk_mb: int
    architectures: str
    tags: str
    seen_at: datetime | None
    is_silent: bool
    faults: int
    set_aside_at: datetime | None
    set_aside_until: datetime | None
    set_aside_reason: str
    last: tuple[LastBuild, ...]


def list_builders(at: datetime, silent_seconds: float) -> tuple[BuilderRow, ...]:
    """All of them, as they are *at* this moment."""
    under_way = Attempt.objects.filter(outcome="").order_by().values_list("builder")
    running = dict(under_way.annotate(count=Count("pk")))
    last = _last_builds()
    heard = at - timedelta(seconds=silent_seconds)
    return tuple(
        _row(builder, running.get(builder.name, 0), last.get(builder.name, ()), heard)
        for builder in Builder.objects.order_by("name")
    )


def find_builder(name: str, at: datetime, silent_seconds: float) -> BuilderRow | None:
    """The builder of that name, as it is *at* this moment; without its builds."""
    builder = Builder.objects.filter(name=name).first()
    if builder is None:
        return None
    running = Attempt.objects.filter(outcome="", builder=name).count()
    return _row(builder, running, (), at - timedelta(seconds=silent_seconds))


def list_aside(at: datetime) -> tuple[BuilderRow, ...]:
    """Those that are set aside, for people to see; without their builds."""
    rows = Builder.objects.filter(set_aside_at__isnull=False).order_by("name")
    return tuple(_row(row, 0, (), at) for row in rows)


def _row(
    builder: Builder, running: int, last: tuple[LastBuild, ...], heard: datetime
) -> BuilderRow:
    return BuilderRow(
        id=builder.pk,
        name=builder.name,
        is_enabled=builder.is_enabled,
        slots=builder.slots,
        running=running,
        cores=builder.cores,
        memory_mb=builder.memory_mb,
        disk_mb=builder.disk_mb,
        architectures=builder.architectures,
        tags=builder.tags,
        seen_at=builder.seen_at,
        is_silent=builder.seen_at is None or builder.seen_at < heard,
        faults=builder.faults,
        set_aside_at=builder.set_aside_at,
        set_aside_until=builder.set_aside_until,
        set_aside_reason=builder.set_aside_reason,
        last=last,
    )


def _last_builds() -> Mapping[str, tuple[LastBuild, ...]]:
    newest = Attempt.objects.aggregate(newest=Max("pk"))["newest"] or 0
    place = Window(RowNumber(), partition_by=F("builder"), order_by=F("pk").desc())
    ended = Attempt.objects.filter(pk__gt=newest - _LOOKED_AT).exclude(outcome="")
    rows = (
        visible(ended, "job__source__distribution__repository__name")
        .annotate(place=place)
        .filter(place__lte=_SHOWN)
        .select_related("job__source")
        .order_by("-pk")
    )
    found: dict[str, tuple[LastBuild, ...]] = {}
    for row in rows:
        job = row.job
        built = LastBuild(job.pk, job.source.name, job.architecture, attempt_row(row))
        found[row.builder] = (*found.get(row.builder, ()), built)
    return found
