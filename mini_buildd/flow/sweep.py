"""What there is to do: the rows that each step of the journey waits for.

Every step looks here when it is woken, and now and then without being woken, so a wake-up that got
lost costs time and nothing else. One row's unexpected fault is logged and keeps no other row
waiting.
"""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from mini_buildd.db.models import Attempt, Distribution, Publication, Source, Upload
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.problem import Problem
from mini_buildd.domain.states import SourceState, UploadState
from mini_buildd.flow import accept, judge, plan, publish, receive, supersede
from mini_buildd.flow.fetch_orig import fetch_orig, waiting_uploads
from mini_buildd.flow.site import Site
from mini_buildd.flow.turns import in_turn
from mini_buildd.incoming.spool import Arrival
from mini_buildd.kit.commands import Commands
from mini_buildd.kit.full_disk import is_full_disk
from mini_buildd.kit.log_fields import logged_with

_log = logging.getLogger(__name__)

Row = TypeVar("Row")


def each(
    name: str, rows: Iterable[Row], verb: Callable[[Row], Iterable[EventKind]]
) -> list[EventKind]:
    """Apply *verb* to every row; a fault of one is logged with its row and stops no other."""
    events: list[EventKind] = []
    for row in rows:
        with logged_with(**_fields_of(row)):
            try:
                events += verb(row)
            except Exception as error:  # noqa: BLE001  # whatever it is, the other rows go on
                is_plain = isinstance(error, Problem) or is_full_disk(error)
                text = "%s failed for %s; it is tried again later: %s"
                _log.error(text, name, row, error, exc_info=not is_plain)
    return events


def _fields_of(row: object) -> dict[str, str | int]:
    """What lines of the log that are about *row* say beside their text."""
    if isinstance(row, Upload):
        return {"upload": row.pk}
    if isinstance(row, Arrival):
        return {"changes": row.name}
    if isinstance(row, Source):
        return {"source": f"{row.name}_{row.version}", "upload": row.upload_id or 0}
    if isinstance(row, Attempt):
        return {"build": row.job_id, "attempt": row.number}
    return {"suite": row} if isinstance(row, str) else {}


def take_in(site: Site, can_follow: Callable[[Arrival], bool]) -> list[EventKind]:
    """From what lies in the spool to planned jobs; *can_follow* tells what may still grow."""
    events = _receive_all(site, can_follow)
    received = Upload.objects.filter(state=UploadState.RECEIVED).order_by("id")
    events += each("accept", in_turn(list(received)), lambda upload: accept.accept(site, upload))
    accepted = Source.objects.filter(state=SourceState.ACCEPTED).order_by("id")
    events += each("plan", list(accepted), lambda source: plan.plan(site, source))
    overtaken = supersede.overtaken_sources()
    return events + each("supersede", overtaken, lambda source: supersede.supersede(site, source))


def _receive_all(site: Site, can_follow: Callable[[Arrival], bool]) -> list[EventKind]:
    """All that are whole, but for those with large files that are not hashed yet.

    Nor any that came after such a one and are called alike: what is of one source stays in order.
    """
    held: set[str] = set()

    def take(arrival: Arrival) -> list[EventKind]:
        source = arrival.name.partition("_")[0]
        if source in held:
            return []
        try:
            return receive.receive(site, arrival, is_final=not can_follow(arrival))
        except receive.NotHashedYet:
            held.add(source)
            return []

    return each("receive", site.spool.changes(), take)


def fetch_origs(site: Site, commands: Commands) -> list[EventKind]:
    """Look for what uploads have left out."""
    return each("fetch", waiting_uploads(site), lambda upload: fetch_orig(site, commands, upload))


def judge_all(site: Site) -> list[EventKind]:
    """Give the verdicts on everything that is being built."""
    building = Source.objects.filter(state=SourceState.BUILDING).prefetch_related("jobs")
    return each("judge", list(building), lambda source: judge.judge(site, source))


def decide_all(site: Site) -> list[EventKind]:
    """Decide a version for all that is ready, and the first one of every new suite."""
    ready = Source.objects.filter(state=SourceState.READY).order_by("id")
    events = each("publish", list(ready), lambda source: publish.decide(site, source))
    # Exists() stops at the first; a join would go through all that was ever published.
    decided = Publication.objects.filter(distribution=OuterRef("pk"))
    fresh = _distributions().filter(~Exists(decided))
    return events + each("publish", list(fresh), lambda each_: publish.begin(site, each_))


def suites_behind(site: Site) -> list[str]:
    """The suites whose tree is behind what was decided, or is to be signed again."""
    open_ones = Publication.objects.filter(distribution=OuterRef("pk"), published_at=None)
    behind = set(_distributions().filter(Exists(open_ones)).values_list("name", flat=True))
    numbers = Publication.objects.filter(distribution=OuterRef("pk")).order_by("-number")
    newest = Distribution.objects.values_list(Subquery(numbers.values("pk")[:1]), flat=True)
    rows = Publication.objects.filter(pk__in=[pk for pk in newest if pk is not None])
    for publication in rows.select_related("distribution__suite"):
        if publish.is_due(site, publication):
            behind.add(publication.distribution.name)
    return sorted(behind)


def catch_up(site: Site, name: str) -> list[EventKind]:
    """Publish what was decided for the suite called *name*, or sign it again when that is due."""
    distribution = _distributions().get(name=name)
    return [*publish.carry_out(site, distribution), *publish.renew(site, distribution)]


def publish_all(site: Site) -> list[EventKind]:
    """Publish every suite that is behind what was decided, or that has never been published."""
    events = decide_all(site)
    return events + each("publish", suites_behind(site), lambda name: catch_up(site, name))


def _distributions() -> QuerySet[Distribution]:
    return Distribution.objects.select_related("repository", "base", "suite")


def attempts_under_way(builder: str) -> list[Attempt]:
    """The attempts that *builder* has not finished."""
    return list(
        Attempt.objects.filter(outcome="", builder=builder)
        .select_related("job__source__upload", "job__source__distribution__repository")
        .order_by("id")
    )


def ended_attempts(tokens: Iterable[str]) -> list[str]:
    """Those of *tokens* whose attempts have their outcome."""
    ended = Attempt.objects.filter(token__in=list(tokens)).exclude(outcome="")
    return list(ended.values_list("token", flat=True))
