"""Chroots are made anew by schedule; what cannot be refreshed in time raises an alarm.

A mirror that is down for an hour takes nothing out of use: the old generation stays, and it is
tried again, after five minutes first and less often the longer it lasts.
"""

import logging
from datetime import datetime

from django.db import transaction

from mini_buildd.db.audit import note
from mini_buildd.db.events import record
from mini_buildd.db.models import Chroot, Event
from mini_buildd.db.queries.chroots import expiry_of, next_refresh_of
from mini_buildd.domain.chroot_age import retry_at
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import Problem
from mini_buildd.flow.chroot import (
    Workshop,
    generations_of,
    make_chroot,
    missing_chroots,
    provide_chroot,
    remove_old,
    wants_generation,
)
from mini_buildd.flow.site import Site
from mini_buildd.kit.clock import Clock
from mini_buildd.kit.lock import is_held
from mini_buildd.kit.process import CommandFailed

_log = logging.getLogger(__name__)


def ask_refresh(site: Site, actor: Actor, chroot: Chroot) -> None:
    """Let *chroot* be made anew as soon as may be; raises NotAllowed."""
    demand(actor, Act.REFRESH_CHROOT)
    with transaction.atomic():
        at = site.clock()
        if Chroot.objects.filter(pk=chroot.pk, asked_at=None).update(asked_at=at):
            note(actor, "asked to make anew", at=at, kind="chroot", name=str(chroot))


def ask_missing(site: Site, actor: Actor) -> tuple[Chroot, ...]:
    """Let all chroots be made from which nothing can be built yet; those; raises NotAllowed."""
    demand(actor, Act.REFRESH_CHROOT)
    missing = missing_chroots(site.places)
    for chroot in missing:
        ask_refresh(site, actor, chroot)
    return tuple(missing)


def is_due(chroot: Chroot, at: datetime) -> bool:
    """Whether *chroot* is to be made anew now."""
    due = next_refresh_of(chroot)
    return due is not None and due <= at


def refresh_chroots(workshop: Workshop) -> list[EventKind]:
    """Make anew all that are due, one after the other; raises CommandsStopped."""
    events: list[EventKind] = []
    for pk in list(Chroot.objects.values_list("pk", flat=True)):
        chroot = Chroot.objects.select_related("base").filter(pk=pk).first()
        # Somebody at the command line may be making it now.
        if chroot is not None and not is_held(generations_of(workshop.places, chroot).folder):
            events += _refresh(workshop, chroot)
            remove_old(workshop, chroot)
    return events + watch_expiry(workshop.clock)


def _refresh(workshop: Workshop, chroot: Chroot) -> list[EventKind]:
    # What was never made may lie there ready, as somebody has put it there.
    verb = make_chroot if chroot.made_at is not None else provide_chroot
    if not is_due(chroot, workshop.clock()):
        if not _is_bereft(workshop, chroot):
            return []
        verb = provide_chroot
    had_problem = chroot.problem_since is not None
    try:
        verb(workshop, chroot)
    except (CommandFailed, Problem, OSError) as error:
        _log.warning("chroot %s cannot be made: %s", chroot, error)
        return [] if had_problem else [EventKind.CHROOT_FAILED]
    return [EventKind.CHROOT_MADE]


def _is_bereft(workshop: Workshop, chroot: Chroot) -> bool:
    """Whether its tree has vanished, or it comes from a version of this program without trees."""
    if chroot.made_at is None or not chroot.is_active:
        return False
    retry = retry_at(chroot.problem_since, chroot.tried_at)
    is_time = retry is None or retry <= workshop.clock()
    return is_time and wants_generation(workshop.places, chroot)


def watch_expiry(clock: Clock) -> list[EventKind]:
    """Tell of the chroots that are too old: once for each generation."""
    at = clock()
    told = Event.objects.filter(kind=EventKind.CHROOT_EXPIRES)
    events = []
    for chroot in Chroot.objects.select_related("base").filter(is_active=True):
        expiry, name = expiry_of(chroot), f"{chroot} {chroot.generation}"
        if expiry and expiry <= at and not told.filter(detail__startswith=name).exists():
            why = chroot.problem.partition("\n")[0] or "it was not refreshed"
            events.append(record(EventKind.CHROOT_EXPIRES, at, detail=f"{name}: {why}"))
    return events
