"""What follows from a lost attempt: the job is tried again later, or not any more.

Part of a transaction of flow.report.
"""

from django.db.models import Max

from mini_buildd.db.events import record
from mini_buildd.db.models import Attempt, Job
from mini_buildd.db.moves import move_job
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.losses import after_losses, delay_after
from mini_buildd.domain.states import JobState, Outcome
from mini_buildd.flow.site import Site


def lose(site: Site, attempt: Attempt) -> list[EventKind]:
    """Let the job of *attempt*, which is lost, go on; gives the events of that."""
    job, now = attempt.job, site.clock()
    move_job(job, JobState.LOST, reason=attempt.reason)
    events = [record(EventKind.JOB_LOST, now, job=job, detail=attempt.reason)]
    stages = stages_lost(job)
    if after_losses(stages) is JobState.WAITING:
        move_job(job, JobState.WAITING, not_before_at=now + delay_after(stages))
        return events
    times = "once" if len(stages) == 1 else f"{len(stages)} times"
    reason = f"the builder, not the package, {times} in a row: {attempt.reason}"
    move_job(job, JobState.FAILED, reason=reason)
    return [*events, record(EventKind.JOB_FAILED, now, job=job, detail=reason)]


def stages_lost(job: Job) -> list[str]:
    """Where the attempts at *job* stopped that were lost in a row, the oldest first.

    What was before somebody asked for a retry is forgiven.
    """
    retries = job.events.filter(kind=EventKind.JOB_RETRIED)
    retried_at = retries.aggregate(last=Max("at"))["last"]
    stages: list[str] = []
    for attempt in job.attempts.exclude(outcome="").order_by("-number"):
        is_old = retried_at is not None and attempt.assigned_at <= retried_at
        if attempt.outcome != Outcome.LOST or is_old:
            break
        stages.insert(0, attempt.stage)
    return stages
