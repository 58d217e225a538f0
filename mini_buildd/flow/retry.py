"""Retry: what failed or was cancelled waits again, and with it the question whether it is good."""

from django.db import transaction

from mini_buildd.db.events import record
from mini_buildd.db.models import Job
from mini_buildd.db.moves import move_job, move_source
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import Act, Actor
from mini_buildd.domain.problem import RetryImpossible
from mini_buildd.domain.states import JobState, SourceState
from mini_buildd.flow.cancel import (
    demand_of,
    find_job,
    jobs_of_upload,
    note_build,
    nothing_to_do,
    word_of,
)
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site
from mini_buildd.flow.supersede import overtaken_by

_ENDED_BADLY = (JobState.FAILED, JobState.CANCELLED)


@tells_full_disk
def retry(site: Site, actor: Actor, job_id: int, reason: str = "") -> list[EventKind]:
    """Let the build with that number be tried again, with all its chances.

    Raises BuildUnknown, NotAllowed, RetryImpossible.
    """
    with transaction.atomic():
        job = find_job(job_id)
        demand_of(actor, Act.RETRY_BUILD, job)
        _demand_retriable(job)
        note_build(site, actor, "retried", job, reason)
        return [_begin_again(site, job, word_of(actor, "retried", reason))]


@tells_full_disk
def retry_upload(site: Site, actor: Actor, upload_id: int, reason: str = "") -> list[EventKind]:
    """The same for all builds of an upload that failed or were cancelled.

    Raises NotAllowed, NothingToDo, RetryImpossible.
    """
    with transaction.atomic():
        jobs = jobs_of_upload(upload_id, Act.RETRY_BUILD, actor).filter(state__in=_ENDED_BADLY)
        if not jobs:
            raise nothing_to_do(f"failed or cancelled builds of upload {upload_id}")
        events, told = [], word_of(actor, "retried", reason)
        for job in jobs:
            job.source.refresh_from_db(fields=["state"])
            _demand_retriable(job)
            note_build(site, actor, "retried", job, reason)
            events.append(_begin_again(site, job, told))
        return events


def is_retriable(job_id: int) -> bool:
    """Whether the build with that number may be tried again, by somebody who may do that."""
    job = Job.objects.select_related("source__distribution__suite").filter(pk=job_id).first()
    if job is None:
        return False
    try:
        _demand_retriable(job)
    except RetryImpossible:
        return False
    return True


def _begin_again(site: Site, job: Job, told: str) -> EventKind:
    if job.source.state == SourceState.FAILED:
        move_source(job.source, SourceState.BUILDING)
    move_job(job, JobState.WAITING, reason="", not_before_at=None, waits_for="")
    return record(EventKind.JOB_RETRIED, site.clock(), job=job, detail=told)


def _demand_retriable(job: Job) -> None:
    source = job.source
    if job.state not in _ENDED_BADLY:
        raise _impossible(
            f"{job} to have failed, or to be cancelled",
            f"that it is {job.state}",
            "Look at its page; nothing was changed.",
        )
    newer = overtaken_by(source) if source.distribution.suite.supersedes_builds else None
    if source.state == SourceState.SUPERSEDED or newer is not None:
        found = f"that {newer or 'a newer version'} has superseded it"
        raise _impossible(f"{source} to be the newest", found, "Upload a version that is newer.")
    if source.files.filter(file__removed_at__isnull=False).exists():
        raise _impossible(
            f"the files of {source}",
            "that they are gone: it failed too long ago",
            "Upload it again, with a new version.",
        )


def _impossible(expected: str, found: str, hint: str) -> RetryImpossible:
    return RetryImpossible(expected=expected, found=found, hint=hint)
