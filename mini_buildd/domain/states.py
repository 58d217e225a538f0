"""Every state machine of mini-buildd as a table; a move that is not in its table raises.

Upload, source, job and attempt are separate: what happened is not what we think of it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar


class IllegalMove(Exception):
    """Somebody tried a move that the table does not have; a defect, never a user's fault."""


class UploadState(StrEnum):
    """What became of the files that somebody sent."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class SourceState(StrEnum):
    """What becomes of an accepted source package; the verdict on its builds."""

    ACCEPTED = "accepted"
    BUILDING = "building"
    READY = "ready"
    PUBLISHED = "published"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class JobState(StrEnum):
    """One source package on one architecture."""

    WAITING = "waiting"
    DEP_WAIT = "dep_wait"
    ASSIGNED = "assigned"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LOST = "lost"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """How one attempt ended; an attempt that has none is under way."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DEP_WAIT = "dep_wait"
    LOST = "lost"
    CANCELLED = "cancelled"


UPLOAD_MOVES: Mapping[UploadState, frozenset[UploadState]] = {
    UploadState.RECEIVED: frozenset({UploadState.ACCEPTED, UploadState.REJECTED}),
    UploadState.ACCEPTED: frozenset(),
    UploadState.REJECTED: frozenset(),
}

SOURCE_MOVES: Mapping[SourceState, frozenset[SourceState]] = {
    SourceState.ACCEPTED: frozenset({SourceState.BUILDING}),
    SourceState.BUILDING: frozenset(
        {SourceState.READY, SourceState.FAILED, SourceState.SUPERSEDED}
    ),
    SourceState.READY: frozenset({SourceState.PUBLISHED, SourceState.SUPERSEDED}),
    # A retry of a failed job opens the question again.
    SourceState.FAILED: frozenset({SourceState.BUILDING}),
    SourceState.PUBLISHED: frozenset(),
    SourceState.SUPERSEDED: frozenset(),
}

JOB_MOVES: Mapping[JobState, frozenset[JobState]] = {
    JobState.WAITING: frozenset({JobState.DEP_WAIT, JobState.ASSIGNED, JobState.CANCELLED}),
    JobState.DEP_WAIT: frozenset({JobState.WAITING, JobState.CANCELLED}),
    JobState.ASSIGNED: frozenset({JobState.RUNNING, JobState.LOST, JobState.CANCELLED}),
    JobState.RUNNING: frozenset(
        {
            JobState.SUCCEEDED,
            JobState.FAILED,
            JobState.DEP_WAIT,
            JobState.LOST,
            JobState.CANCELLED,
        }
    ),
    JobState.LOST: frozenset({JobState.WAITING, JobState.FAILED}),
    JobState.FAILED: frozenset({JobState.WAITING}),
    JobState.SUCCEEDED: frozenset(),
    # Somebody thought better of it.
    JobState.CANCELLED: frozenset({JobState.WAITING}),
}

JOB_UNDER_WAY = frozenset({JobState.ASSIGNED, JobState.RUNNING})
JOB_OPEN = JOB_UNDER_WAY | {JobState.WAITING, JobState.DEP_WAIT, JobState.LOST}


State = TypeVar("State", bound=StrEnum)


def check_move(table: Mapping[State, frozenset[State]], old: State, new: State) -> None:
    """Raise IllegalMove unless *table* leads from *old* to *new*."""
    if new not in table[old]:
        raise IllegalMove(f"{type(old).__name__}: {old} → {new}")
