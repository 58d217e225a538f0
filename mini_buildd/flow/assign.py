"""Step 5, assign: a waiting job goes to a builder, as an attempt with a fence.

Which one is domain.scheduling's to decide, on the queue in memory. Whether it can be built yet is
looked at once more before it goes: since it was planned, more may have been uploaded.
"""

import logging
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from mini_buildd.db.events import record
from mini_buildd.db.models import Attempt, Chroot, Job
from mini_buildd.db.moves import Overtaken, move_job
from mini_buildd.db.queries.queue import list_builders
from mini_buildd.domain.builder import Capacity
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.scheduling import RunningJob, WaitingJob
from mini_buildd.domain.states import JobState
from mini_buildd.domain.waiting import no_chroot
from mini_buildd.flow.order import hold_back, judge_order
from mini_buildd.flow.queue import ending
from mini_buildd.flow.site import Site
from mini_buildd.flow.task import make_task
from mini_buildd.kit.parts import in_parts
from mini_buildd.wire.task import Task

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Assigned:
    """What the builder is to do, and what happened."""

    tasks: tuple[Task, ...]
    events: tuple[EventKind, ...]


def assign(site: Site, *, builder: str, backend: str, free_slots: int) -> Assigned:
    """Hand up to *free_slots* waiting jobs to *builder*, those whose turn it is."""
    tasks: list[Task] = []
    events: list[EventKind] = []
    with site.queue.lock:
        site.queue.refresh(backend, site.clock())
        _tell_missing_chroots(site)
        capacity = _capacity(site, builder, free_slots)
    while len(tasks) < free_slots:
        with site.queue.lock:
            queue = site.queue
            job = queue.line.choose(capacity, queue.places, site.clock(), queue.builders)
        if job is None:
            break
        try:
            events += _hand_out(site, job, builder, backend, tasks)
        except Overtaken:
            continue
        except Exception:  # noqa: BLE001  # whatever it is, the other jobs go on
            _log.exception("assigning %s failed; it is tried again later", job.source)
    return Assigned(tuple(tasks), tuple(events))


def _capacity(site: Site, builder: str, free_slots: int) -> Capacity:
    """What *builder* has said of itself; one that has not is trusted with what it asks for."""
    known = list_builders(builder)
    has = sum(each.builder == builder for each in site.queue.line.running.values())
    said = known[0] if known else Capacity(builder, slots=0)
    return replace(said, slots=has + free_slots)


def _tell_missing_chroots(site: Site) -> None:
    """Say for jobs that they wait for a chroot; writes only what is new."""
    queue = site.queue
    missing = {demand.place for demand in queue.line.demands()} - queue.places.keys()
    for place in missing:
        reason = no_chroot(place)
        untold = [
            job.id
            for job in queue.line.waiting.values()
            if job.demand.place == place and job.reason != reason
        ]
        for part in in_parts(untold):
            Job.objects.filter(pk__in=part, state=JobState.WAITING).update(reason=reason)
        if untold:
            queue.read_again(untold)


def _jobs() -> QuerySet[Job]:
    return Job.objects.select_related(
        "source__upload",
        "source__distribution__repository",
        "source__distribution__base",
        "source__distribution__suite__layout",
    )


def _hand_out(
    site: Site, chosen: WaitingJob, builder: str, backend: str, tasks: list[Task]
) -> list[EventKind]:
    """Give the *chosen* job to *builder* if it can be built; its task is added to *tasks*."""
    job = _jobs().get(pk=chosen.id)
    if job.state != JobState.WAITING:
        return []
    judged = judge_order(site, job)
    if judged.missing:
        events = hold_back(site, job, judged)
        with site.queue.lock:
            site.queue.read_again([job.pk])
        return events
    tasks.append(_begin(site, job, builder, backend))
    since, needs = site.clock(), chosen.demand.needs
    ends_at = ending(since, chosen.expected_seconds)
    with site.queue.lock:
        site.queue.start(RunningJob(job.pk, builder, chosen.uploader, needs, ends_at))
    return [EventKind.JOB_ASSIGNED]


def _begin(site: Site, job: Job, builder: str, backend: str) -> Task:
    """The one transaction: the attempt and the job's move."""
    chroot = Chroot.objects.select_related("base").get(
        base=job.source.distribution.base,
        architecture=job.build_architecture or job.architecture,
        backend=backend,
    )
    lease = timedelta(seconds=site.settings.builder.lease_seconds)
    with transaction.atomic():
        move_job(job, JobState.ASSIGNED, reason="", waits_for="")
        now = site.clock()
        attempt = Attempt.objects.create(
            job=job,
            number=job.attempts.count() + 1,
            token=secrets.token_hex(16),
            builder=builder,
            assigned_at=now,
            lease_until=now + lease,
            generation=chroot.generation,
        )
        record(EventKind.JOB_ASSIGNED, now, job=job, detail=builder)
        return make_task(site, attempt, chroot)
