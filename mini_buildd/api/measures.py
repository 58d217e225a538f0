"""The calls on what was counted, on chroots, and on the schedule."""

from datetime import datetime, timedelta
from typing import Annotated

from django.http import HttpRequest
from django.utils.timezone import now
from ninja import Router
from pydantic import Field

from mini_buildd.api.door import actor_of
from mini_buildd.api.given import Day, Moment, Word, address
from mini_buildd.db.queries.measures import DayRow, SampleRow, first_samples, list_days
from mini_buildd.db.queries.schedule import list_renewals, list_snapshot_plans
from mini_buildd.flow.hosted import rounds, site
from mini_buildd.flow.look_now import look_now
from mini_buildd.flow.rounds import Round
from mini_buildd.wire.api.measures import (
    BuildDay,
    BuildDays,
    PlannedRenewal,
    PlannedSnapshot,
    QueueSample,
    QueueSamples,
    Schedule,
    Step,
)

days = Router(tags=["builds"])
samples = Router(tags=["builds"])
schedule = Router(tags=["instance"])

_DAYS, _SAMPLED = timedelta(days=30), timedelta(days=1)


@days.get("", response=BuildDays, summary="Ask how builds ended, day by day")
def list_of_build_days(
    request: HttpRequest,
    since: Annotated[Day | None, Field(description="30 days ago, if not given.")] = None,
    distribution: Word = "",
    architecture: Word = "",
) -> BuildDays:
    """How the builds of each day ended, and what the good ones took."""
    del request
    first = since or (now() - _DAYS).date()
    found = list_days(first, distribution=distribution, architecture=architecture)
    return BuildDays(tuple(map(_day, found)))


@samples.get("", response=QueueSamples, summary="Ask how long the queue was")
def list_of_queue_samples(
    request: HttpRequest,
    since: Annotated[
        Moment | None, Field(description="A day ago, if not given; with a time zone.")
    ] = None,
    architecture: Word = "",
) -> QueueSamples:
    """How much waited and ran: by the minute for two days, by the hour for longer.

    It gives 5000 at once; `next` is where those that follow are.
    """
    found = first_samples(since or now() - _SAMPLED, architecture)
    begin = found.following
    following = address(request, since=begin.isoformat()) if begin is not None else None
    return QueueSamples(tuple(map(_sample, found.rows)), following)


@schedule.get("", response=Schedule, summary="Show the schedule")
def show_schedule(request: HttpRequest) -> Schedule:
    """What the daemon does by itself: when next, when last, and how it went."""
    del request
    at: datetime = now()
    return Schedule(
        steps=tuple(map(_step, rounds())),
        snapshots=tuple(
            PlannedSnapshot(each.repository, each.kind, each.kept, each.next_at, each.last_at)
            for each in list_snapshot_plans(at)
        ),
        renewals=tuple(
            PlannedRenewal(each.distribution, each.valid_until, each.next_at)
            for each in list_renewals()
        ),
    )


@schedule.post("{name}/run", response={202: None}, summary="Let a step run now")
def run_step(request: HttpRequest, name: Word) -> None:
    """Let a step of the schedule look now for what it would look for later by itself."""
    look_now(site(), actor_of(request), name)


def _day(row: DayRow) -> BuildDay:
    return BuildDay(row.day, row.good, row.failed, row.other, row.mean_seconds)


def _sample(row: SampleRow) -> QueueSample:
    return QueueSample(row.at, row.architecture, row.waiting, row.running, row.minutes)


def _step(row: Round) -> Step:
    return Step(
        name=row.name,
        sweep_seconds=row.sweep_seconds,
        begun_at=row.begun_at,
        seconds=row.seconds,
        next_at=row.next_at,
        is_running=row.is_running,
        problem=row.problem,
        count=row.count,
        failures=row.failures,
    )
