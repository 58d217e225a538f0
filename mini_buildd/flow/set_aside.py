"""Set a builder aside: it is given no jobs for a while, as it keeps failing, or a person says so.

When its time is over it is tried with one job: a good one, and it is back.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from mini_buildd.db.audit import note
from mini_buildd.db.events import record
from mini_buildd.db.models import Attempt, Builder
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.losses import aside_for
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import BuilderUnknown, NothingToDo
from mini_buildd.domain.states import Outcome
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site

_MAX_REASON = 500


@tells_full_disk
def set_aside(site: Site, actor: Actor, name: str, reason: str) -> list[EventKind]:
    """Give the builder called *name* no jobs until somebody takes it back.

    What it builds now goes on. Raises NotAllowed, BuilderUnknown, NothingToDo.
    """
    demand(actor, Act.SET_ASIDE)
    with transaction.atomic():
        builder = find_builder(name)
        if builder.set_aside_at is not None and builder.set_aside_until is None:
            raise _so_already(name, "set aside")
        told = f"by {actor.name}: {reason}" if reason else f"by {actor.name}"
        now, after = site.clock(), {"reason": reason}
        note(actor, "set aside", at=now, kind="builder", name=name, after=after)
        return [_put_aside(site, builder, None, told)]


@tells_full_disk
def take_back(site: Site, actor: Actor, name: str) -> list[EventKind]:
    """Give that builder jobs again; raises NotAllowed, BuilderUnknown, NothingToDo."""
    demand(actor, Act.SET_ASIDE)
    with transaction.atomic():
        builder = find_builder(name)
        if builder.set_aside_at is None:
            raise _so_already(name, "given jobs")
        now, before = site.clock(), {"reason": builder.set_aside_reason}
        note(actor, "took back", at=now, kind="builder", name=name, before=before)
        return [_take_back(site, builder, f"by {actor.name}")]


def note_fault(site: Site, attempt: Attempt) -> list[EventKind]:
    """The builder of *attempt*, now lost, has failed; part of a transaction of flow.report.

    A job that it has lost before counts once, unless the builder is on trial: it may well be the
    job.
    """
    builder, _ = Builder.objects.select_for_update().get_or_create(name=attempt.builder)
    others = Attempt.objects.filter(job=attempt.job_id, builder=builder.name, outcome=Outcome.LOST)
    if builder.set_aside_at is None and others.exclude(pk=attempt.pk).exists():
        return []
    builder.faults += 1
    builder.save(update_fields=["faults"])
    time, now = aside_for(builder.faults), site.clock()
    is_over = builder.set_aside_at is None or _is_over(builder, now)
    if time is None or not is_over:
        return []
    return [_put_aside(site, builder, now + time, f"{builder.faults} in a row: {attempt.reason}")]


def note_health(site: Site, attempt: Attempt) -> list[EventKind]:
    """The builder of *attempt* has done its work, whatever came of the package."""
    rows = Builder.objects.select_for_update().filter(name=attempt.builder)
    builder = rows.filter(Q(faults__gt=0) | Q(set_aside_until__isnull=False)).first()
    if builder is None:
        return []
    builder.faults = 0
    builder.save(update_fields=["faults"])
    if builder.set_aside_until is None:  # never, or by a person, who decides when it ends
        return []
    return [_take_back(site, builder, "it has built again")]


def slots_given(site: Site, name: str, free_slots: int) -> int:
    """How many jobs the builder called *name*, with so many *free_slots*, is given now."""
    builder = Builder.objects.filter(name=name, set_aside_at__isnull=False).first()
    if builder is None:
        return free_slots
    if not _is_over(builder, site.clock()):
        return 0
    is_on_trial = Attempt.objects.filter(builder=name, outcome="").exists()
    return 0 if is_on_trial else min(1, free_slots)


def find_builder(name: str) -> Builder:
    """The builder called *name*, for a change of it; raises BuilderUnknown."""
    builder = Builder.objects.select_for_update().filter(name=name).first()
    if builder is None:
        known = ", ".join(Builder.objects.values_list("name", flat=True)) or "none yet"
        raise BuilderUnknown(
            expected=f"one of: {known}",
            found=name,
            hint="A builder is known once it has run.",
        )
    return builder


def _is_over(builder: Builder, now: datetime) -> bool:
    """Whether its time aside has passed; that which a person has set never does."""
    return builder.set_aside_until is not None and builder.set_aside_until <= now


def _put_aside(site: Site, builder: Builder, until: datetime | None, reason: str) -> EventKind:
    now = site.clock()
    builder.set_aside_at, builder.set_aside_until = now, until
    builder.set_aside_reason = reason[:_MAX_REASON]
    _save(builder)
    return record(EventKind.BUILDER_SET_ASIDE, now, detail=f"{builder.name} {reason}"[:_MAX_REASON])


def _take_back(site: Site, builder: Builder, why: str) -> EventKind:
    builder.set_aside_at = builder.set_aside_until = None
    builder.set_aside_reason, builder.faults = "", 0
    _save(builder)
    return record(EventKind.BUILDER_RETURNED, site.clock(), detail=f"{builder.name} {why}")


def _save(builder: Builder) -> None:
    names = ("set_aside_at", "set_aside_until", "set_aside_reason", "faults")
    builder.save(update_fields=names)


def _so_already(name: str, state: str) -> NothingToDo:
    return NothingToDo(
        expected=f"{name} not to be {state}",
        found=f"that it is {state}",
        hint="There is nothing to do.",
    )
