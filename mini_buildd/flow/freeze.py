"""Freeze a suite, so that nothing comes in or goes out, and thaw it again.

What was built for it waits meanwhile, and comes in with the thaw.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from mini_buildd.db.audit import Values, note
from mini_buildd.db.events import record
from mini_buildd.db.models import Binary, Distribution, Source
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import SELF, Act, Actor, demand
from mini_buildd.domain.problem import NothingToDo
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.revise import Order, present_sources, revise
from mini_buildd.flow.site import Site


@tells_full_disk
def freeze(site: Site, actor: Actor, distribution: Distribution, reason: str) -> list[EventKind]:
    """Freeze *distribution*; raises NotAllowed, NothingToDo."""
    demand(actor, Act.FREEZE, repository=distribution.repository.name)
    with transaction.atomic():
        rows = Distribution.objects.filter(pk=distribution.pk, frozen_at=None)
        if not rows.update(
            frozen_at=site.clock(), frozen_by=actor.name, frozen_reason=reason[:500]
        ):
            raise _so_already(distribution, "frozen")
        _note(site, actor, "froze", distribution, after={"reason": reason})
        detail = f"{actor.name}: {reason}" if reason else actor.name
        return [_record(site, EventKind.SUITE_FROZEN, distribution, detail)]


@tells_full_disk
def thaw(site: Site, actor: Actor, distribution: Distribution) -> list[EventKind]:
    """Thaw *distribution*; raises NotAllowed, NothingToDo."""
    demand(actor, Act.FREEZE, repository=distribution.repository.name)
    with transaction.atomic():
        row = Distribution.objects.select_for_update().get(pk=distribution.pk)
        since = row.frozen_at
        if since is None:
            raise _so_already(distribution, "open")
        _note(site, actor, "thawed", distribution, before={"reason": row.frozen_reason})
        row.frozen_at, row.frozen_by, row.frozen_reason = None, "", ""
        row.save(update_fields=["frozen_at", "frozen_by", "frozen_reason"])
        _let_late_builds_in(site, row, since)
        return [_record(site, EventKind.SUITE_THAWED, distribution, actor.name)]


def _let_late_builds_in(site: Site, distribution: Distribution, since: datetime) -> None:
    """What further architectures have built of what the suite has, and what was built again."""
    sources = present_sources(distribution)
    missing = Binary.objects.filter(source__in=sources, attempt__isnull=False).exclude(
        pk__in=distribution.entries.filter(removed_in=None, binary__isnull=False).values("binary")
    )
    # When it was entered here; the builder's word is of when it was done, which may be sooner.
    late = missing.filter(
        Q(attempt__job__binnmu=0) | Q(source__distribution=distribution),
        attempt__job__events__kind=EventKind.JOB_SUCCEEDED,
        attempt__job__events__at__gte=since,
    )
    if not late.exists():
        return
    revision = revise(site, distribution, Order(SELF, Cause.LATE_BUILD))
    for source in Source.objects.filter(binaries__in=late).distinct():
        revision.add_binaries(source, late.filter(source=source))


def _note(site: Site, actor: Actor, act: str, suite: Distribution, **values: Values) -> None:
    note(actor, act, at=site.clock(), kind="suite", name=suite.name, **values)


def _record(site: Site, kind: EventKind, distribution: Distribution, detail: str) -> EventKind:
    return record(kind, site.clock(), distribution=distribution, detail=detail)


def _so_already(distribution: Distribution, state: str) -> NothingToDo:
    return NothingToDo(
        expected=f"{distribution} not to be {state}",
        found=f"that it is {state}",
        hint="There is nothing to do.",
    )
