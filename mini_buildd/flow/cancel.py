"""Cancel a build: one that waits at once, one that runs as soon as its builder has ended it.

Of a cancel and a result, whichever is entered first counts. Once a cancel stands in the rows,
nothing of the attempt is taken in any more, not even a success; once the result does, it is too
late to cancel, and who asks is told so.
"""

from django.db import transaction
from django.db.models import QuerySet

from mini_buildd.db.audit import note
from mini_buildd.db.events import record
from mini_buildd.db.models import Attempt, Job
from mini_buildd.db.moves import move_job
from mini_buildd.db.queries.builds import account
from mini_buildd.db.visibility import visible
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import BuildEnded, BuildUnknown, NothingToDo
from mini_buildd.domain.states import JOB_OPEN, JOB_UNDER_WAY, JobState
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site

_MAX_REASON = 300


@tells_full_disk
def cancel(site: Site, actor: Actor, job_id: int, reason: str = "") -> list[EventKind]:
    """Let the build with that number end; raises BuildUnknown, NotAllowed, BuildEnded."""
    with transaction.atomic():
        job = find_job(job_id)
        demand_of(actor, Act.CANCEL_BUILD, job)
        note_build(site, actor, "cancelled", job, reason)
        return stop(site, job, word_of(actor, "cancelled", reason))


@tells_full_disk
def cancel_upload(site: Site, actor: Actor, upload_id: int, reason: str = "") -> list[EventKind]:
    """The same for all builds of an upload that are open; raises NotAllowed, NothingToDo."""
    with transaction.atomic():
        jobs = [
            job
            for job in jobs_of_upload(upload_id, Act.CANCEL_BUILD, actor).filter(state__in=JOB_OPEN)
            if not job.attempts.filter(outcome="", cancel_requested_at__isnull=False).exists()
        ]
        if not jobs:
            raise nothing_to_do(f"open builds of upload {upload_id}")
        for job in jobs:
            note_build(site, actor, "cancelled", job, reason)
        why = word_of(actor, "cancelled", reason)
        return [event for job in jobs for event in stop(site, job, why)]


def stop(site: Site, job: Job, why: str) -> list[EventKind]:
    """Let *job* end, for the reason *why*; part of a transaction. Raises BuildEnded."""
    state = JobState(job.state)
    if state not in JOB_OPEN:
        raise _ended(job, f"that it has ended: {state}")
    if state in JOB_UNDER_WAY:
        asked = Attempt.objects.filter(job=job, outcome="", cancel_requested_at=None)
        if not asked.update(cancel_requested_at=site.clock(), cancel_reason=why[:_MAX_REASON]):
            raise _ended(job, "that its builder is ending it already")
        return []  # it has happened once the builder says so
    if state is JobState.LOST:
        move_job(job, JobState.WAITING)
    move_job(job, JobState.CANCELLED, reason=why, not_before_at=None)
    return [record(EventKind.JOB_CANCELLED, site.clock(), job=job, detail=why)]


def note_build(site: Site, actor: Actor, act: str, job: Job, reason: str) -> None:
    """Let the audit log say that *actor* did that to *job*."""
    before, after = {"state": job.state}, {"reason": reason}
    note(actor, act, at=site.clock(), kind="build", name=str(job), before=before, after=after)


def word_of(actor: Actor, what: str, reason: str) -> str:
    """Who did *what*, and why, in one line."""
    told = f"{what} by {actor.name}"
    return f"{told}: {reason}" if reason else told


def find_job(job_id: int) -> Job:
    """The job of that number, for a change of it; raises BuildUnknown."""
    job = _jobs().filter(pk=job_id).first()
    if job is None:
        raise BuildUnknown(
            expected="the number of a build",
            found=str(job_id),
            hint="Its page and mini-buildd build list tell it.",
        )
    return job


def demand_of(actor: Actor, act: Act, job: Job) -> None:
    """Raise NotAllowed unless *actor* may do it to *job*."""
    repository = job.source.distribution.repository.name
    demand(actor, act, repository=repository, owner=owner_of(job))


def jobs_of_upload(upload_id: int, act: Act, actor: Actor) -> QuerySet[Job]:
    """The jobs of an upload, for a change of them; raises NotAllowed when *actor* may not."""
    jobs = _jobs().filter(source__upload=upload_id).order_by("id")
    first = jobs.first()
    if first is None:
        demand(actor, act)
    else:
        demand_of(actor, act, first)
    return jobs


def _jobs() -> QuerySet[Job]:
    rows = Job.objects.select_for_update(of=("self",)).select_related(
        "source__distribution__suite",
        "source__distribution__repository",
        "source__upload__signed_by__user",
    )
    return visible(rows, "source__distribution__repository__name")


def nothing_to_do(expected: str) -> NothingToDo:
    """That there are none of what was to be changed."""
    return NothingToDo(expected=expected, found="none", hint="Look at its page.")


def owner_of(job: Job) -> str:
    """The account that uploaded the source of *job*; empty when it is not known."""
    upload = job.source.upload
    return account(upload) if upload is not None else ""


def _ended(job: Job, found: str) -> BuildEnded:
    return BuildEnded(
        expected=f"{job} to wait or to be built",
        found=found,
        hint="Look at its page; nothing was changed.",
    )
