"""The verdict on a source package once its jobs have ended."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from mini_buildd.deb.version import Version, compare
from mini_buildd.domain.states import JOB_OPEN, JobState, SourceState


@dataclass(frozen=True, slots=True)
class JobResult:
    """What the verdict needs to know of one job."""

    state: JobState
    is_optional: bool


def judge_jobs(jobs: Iterable[JobResult]) -> SourceState | None:
    """READY, FAILED, or None while a job that counts is still open.

    A failure counts at once; optional architectures hold nobody up. Where there are no others, the
    first that succeeds is enough.
    """
    jobs = list(jobs)
    counted = [job for job in jobs if not job.is_optional]
    if jobs and not counted:
        return _judge_optional([job.state for job in jobs])
    if any(job.state in (JobState.FAILED, JobState.CANCELLED) for job in counted):
        return SourceState.FAILED
    if any(job.state in JOB_OPEN for job in counted):
        return None
    return SourceState.READY


def _judge_optional(states: Collection[JobState]) -> SourceState | None:
    if JobState.SUCCEEDED in states:
        return SourceState.READY
    return None if JOB_OPEN.intersection(states) else SourceState.FAILED


def is_superseded(version: Version, published: Version | None) -> bool:
    """Whether publishing *version* would go back behind what the suite has."""
    return published is not None and compare(version, published) < 0
