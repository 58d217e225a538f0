"""States as people see them: a shape and a word, never colour alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext, gettext_noop

from mini_buildd.db.queries.builders import BuilderRow
from mini_buildd.db.queries.builds import AttemptRow, BuildRow
from mini_buildd.db.queries.chroots import ChrootRow
from mini_buildd.db.queries.uploader_keys import KeyRow, KeyState
from mini_buildd.db.queries.uploads import UploadRow
from mini_buildd.db.queries.version_line import Presence, VersionRow
from mini_buildd.domain.chroot_age import Health
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.first_steps import Progress, StepRow
from mini_buildd.domain.states import JobState, Outcome, SourceState, UploadState


class Shape(StrEnum):
    """Each has its drawing in templatetags.look and its colour in style.css."""

    GOOD = "good"
    RUNNING = "running"
    WAITING = "waiting"
    DEP_WAIT = "dep-wait"
    HELD = "held"
    BAD = "bad"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Status:
    """A shape with its word, which is translated where it is drawn."""

    shape: Shape
    word: str


_JOB: Mapping[JobState, Status] = {
    JobState.WAITING: Status(Shape.WAITING, gettext_noop("waiting")),
    JobState.DEP_WAIT: Status(Shape.DEP_WAIT, gettext_noop("dep-wait")),
    JobState.ASSIGNED: Status(Shape.RUNNING, gettext_noop("starting")),
    JobState.RUNNING: Status(Shape.RUNNING, gettext_noop("building")),
    JobState.SUCCEEDED: Status(Shape.GOOD, gettext_noop("built")),
    JobState.FAILED: Status(Shape.BAD, gettext_noop("failed")),
    JobState.LOST: Status(Shape.HELD, gettext_noop("lost")),
    JobState.CANCELLED: Status(Shape.OFF, gettext_noop("cancelled")),
}

_ENDING = Status(Shape.RUNNING, gettext_noop("being cancelled"))

_OUTCOME: Mapping[Outcome, Status] = {
    Outcome.SUCCEEDED: _JOB[JobState.SUCCEEDED],
    Outcome.FAILED: _JOB[JobState.FAILED],
    Outcome.DEP_WAIT: Status(Shape.DEP_WAIT, gettext_noop("dep-wait")),
    Outcome.LOST: Status(Shape.HELD, gettext_noop("lost")),
    Outcome.CANCELLED: _JOB[JobState.CANCELLED],
}

_UPLOAD: Mapping[UploadState, Status] = {
    UploadState.RECEIVED: Status(Shape.WAITING, gettext_noop("being checked")),
    UploadState.ACCEPTED: Status(Shape.GOOD, gettext_noop("accepted")),
    UploadState.REJECTED: Status(Shape.BAD, gettext_noop("rejected")),
}

_INCOMPLETE = Status(Shape.DEP_WAIT, gettext_noop("waits for its orig"))

_SOURCE: Mapping[SourceState, Status] = {
    SourceState.ACCEPTED: Status(Shape.WAITING, gettext_noop("accepted")),
    SourceState.BUILDING: Status(Shape.RUNNING, gettext_noop("building")),
    SourceState.READY: Status(Shape.RUNNING, gettext_noop("being published")),
    SourceState.PUBLISHED: Status(Shape.GOOD, gettext_noop("published")),
    SourceState.FAILED: Status(Shape.BAD, gettext_noop("failed")),
    SourceState.SUPERSEDED: Status(Shape.OFF, gettext_noop("superseded")),
}

_PRESENCE: Mapping[Presence, Status] = {
    Presence.PENDING: Status(Shape.RUNNING, gettext_noop("being published")),
    Presence.SHOWN: Status(Shape.GOOD, gettext_noop("shown now")),
    Presence.KEPT: Status(Shape.WAITING, gettext_noop("kept")),
    Presence.GONE: Status(Shape.OFF, gettext_noop("gone")),
    Presence.SKIPPED: Status(Shape.OFF, gettext_noop("never shown")),
}

_CHROOT: Mapping[Health, Status] = {
    Health.GOOD: Status(Shape.GOOD, gettext_noop("good")),
    Health.PROBLEM: Status(Shape.BAD, gettext_noop("problem")),
    Health.EXPIRED: Status(Shape.HELD, gettext_noop("expired")),
    Health.MISSING: Status(Shape.WAITING, gettext_noop("not made yet")),
    Health.OFF: Status(Shape.OFF, gettext_noop("switched off")),
}

_STEP: Mapping[Progress, Status] = {
    Progress.DONE: Status(Shape.GOOD, gettext_noop("done")),
    Progress.OPEN: Status(Shape.WAITING, gettext_noop("to do")),
    Progress.RUNNING: Status(Shape.RUNNING, gettext_noop("under way")),
    Progress.FAILED: Status(Shape.BAD, gettext_noop("failed")),
    Progress.WAITS: Status(Shape.OFF, gettext_noop("later")),
}

_EVENT: Mapping[EventKind, Shape] = {
    EventKind.SUITE_RENEWED: Shape.GOOD,
    EventKind.SUITE_FROZEN: Shape.HELD,
    EventKind.SUITE_THAWED: Shape.GOOD,
    EventKind.SNAPSHOT_TAKEN: Shape.GOOD,
    EventKind.SNAPSHOT_DROPPED: Shape.OFF,
    EventKind.UPLOAD_WAITS: Shape.DEP_WAIT,
    EventKind.UPLOAD_COMPLETED: Shape.GOOD,
    EventKind.UPLOAD_REJECTED: Shape.BAD,
    EventKind.JOB_ASSIGNED: Shape.WAITING,
    EventKind.JOB_SUCCEEDED: Shape.GOOD,
    EventKind.JOB_FAILED: Shape.BAD,
    EventKind.JOB_DEP_WAIT: Shape.DEP_WAIT,
    EventKind.JOB_LOST: Shape.HELD,
    EventKind.JOB_CANCELLED: Shape.OFF,
    EventKind.BUILDER_SET_ASIDE: Shape.HELD,
    EventKind.BUILDER_RETURNED: Shape.GOOD,
    EventKind.SOURCE_HELD: Shape.HELD,
    EventKind.SOURCE_SUPERSEDED: Shape.OFF,
    EventKind.SUITE_PUBLISHED: Shape.GOOD,
    EventKind.CHROOT_MADE: Shape.GOOD,
    EventKind.CHROOT_FAILED: Shape.BAD,
    EventKind.CHROOT_EXPIRES: Shape.HELD,
    EventKind.KEY_ROTATED: Shape.GOOD,
    EventKind.KEY_RETIRED: Shape.OFF,
    EventKind.KEY_EXPIRES: Shape.HELD,
    EventKind.UPLOADER_KEY_APPROVED: Shape.GOOD,
    EventKind.UPLOADER_KEY_REFUSED: Shape.BAD,
    EventKind.UPLOADER_KEY_REVOKED: Shape.BAD,
    EventKind.UPLOADER_KEY_REMOVED: Shape.OFF,
    EventKind.UPLOADER_KEY_EXPIRES: Shape.HELD,
    EventKind.WEBHOOK_STOPPED: Shape.HELD,
}


_KEY: Mapping[KeyState, Status] = {
    KeyState.WAITING: Status(Shape.WAITING, gettext_noop("waits for approval")),
    KeyState.APPROVED: Status(Shape.GOOD, gettext_noop("approved")),
    KeyState.ENDING: Status(Shape.HELD, gettext_noop("expires soon")),
    KeyState.EXPIRED: Status(Shape.BAD, gettext_noop("expired")),
    KeyState.REFUSED: Status(Shape.BAD, gettext_noop("refused")),
    KeyState.REVOKED: Status(Shape.BAD, gettext_noop("revoked")),
    KeyState.OFF: Status(Shape.OFF, gettext_noop("switched off")),
}


def of_use(row: VersionRow | KeyRow) -> Status:
    """Whether a version of a suite can be had; or whether signatures by a key count."""
    if isinstance(row, KeyRow):
        return _KEY[row.state]
    return _PRESENCE[row.presence]


def of_build(row: BuildRow) -> Status:
    """A build's status; a failure names the stage where it stopped."""
    status, attempt = _JOB[row.state], row.attempt
    if attempt is None:
        return status
    if attempt.is_being_cancelled:
        return _ENDING
    if row.state is JobState.FAILED and attempt.outcome is Outcome.LOST:
        return Status(status.shape, gettext("failed: the builder"))
    if row.state is JobState.FAILED and attempt.stage:
        return Status(status.shape, gettext("failed in %(stage)s") % {"stage": attempt.stage})
    return status


def of_attempt(row: AttemptRow) -> Status:
    """An attempt's status."""
    if row.is_being_cancelled:
        return _ENDING
    if row.outcome is None:
        return _JOB[JobState.ASSIGNED if row.started_at is None else JobState.RUNNING]
    return _OUTCOME[row.outcome]


def of_upload(row: UploadRow) -> Status:
    """An upload's status; once accepted, that of its source package, or of its liveliest job."""
    if row.source_state is None:
        return _INCOMPLETE if row.is_incomplete else _UPLOAD[row.state]
    if row.source_state is SourceState.BUILDING and row.liveliest is not None:
        return _JOB[row.liveliest]
    return _SOURCE[row.source_state]


def of_source(state: SourceState) -> Status:
    """What became of a source package."""
    return _SOURCE[state]


def of_machinery(row: BuilderRow | ChrootRow) -> Status:
    """What builds, and what builds start from."""
    return _of_builder(row) if isinstance(row, BuilderRow) else _of_chroot(row)


def _of_builder(row: BuilderRow) -> Status:
    """What a builder does, or why it does nothing."""
    if not row.is_enabled:
        return Status(Shape.OFF, gettext_noop("switched off"))
    if row.set_aside_at is not None:
        return Status(Shape.HELD, gettext_noop("set aside"))
    if row.is_silent:
        return Status(Shape.BAD, gettext_noop("not heard of"))
    if row.running:
        return Status(Shape.RUNNING, gettext_noop("building"))
    return Status(Shape.GOOD, gettext_noop("ready"))


def _of_chroot(row: ChrootRow) -> Status:
    """How a chroot is; one that is being made, or will be soon, says so."""
    if row.is_being_made:
        return Status(Shape.RUNNING, gettext_noop("being made"))
    if row.is_asked:
        return Status(Shape.WAITING, gettext_noop("to be made"))
    return _CHROOT[row.health]


def of_event(kind: EventKind) -> Status:
    """The kind of an event with a shape; most events are neither good nor bad."""
    return Status(_EVENT.get(kind, Shape.WAITING), kind.value)


def of_step(row: StepRow) -> Status:
    """How far a step of the checklist is."""
    return _STEP[row.progress]
