"""The first steps of a new instance: from nothing to the first package that somebody can install.

What is done is told by what is there, whoever has made it and how; so nothing is kept of it, and
nothing is lost with a closed browser or a daemon that starts anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """In the order in which they stand on the page."""

    ADMINISTRATOR = "administrator"
    KEY = "key"
    RELEASE = "release"
    CHROOT = "chroot"
    REPOSITORY = "repository"
    UPLOADER = "uploader"
    UPLOAD = "upload"


class Progress(StrEnum):
    """How far a step is."""

    DONE = "done"
    OPEN = "open"
    RUNNING = "running"
    FAILED = "failed"
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step; one that *waits* cannot be begun before those."""

    step: Step
    progress: Progress
    waits_for: tuple[Step, ...] = ()


# What a step cannot do without. A chroot may be made while the others are seen to.
_NEEDS: Mapping[Step, tuple[Step, ...]] = {
    Step.CHROOT: (Step.RELEASE,),
    Step.REPOSITORY: (Step.RELEASE,),
    Step.UPLOADER: (Step.REPOSITORY,),
    Step.UPLOAD: (Step.REPOSITORY, Step.UPLOADER),
}


def checklist(found: Mapping[Step, Progress]) -> tuple[StepRow, ...]:
    """All steps; *found* says of those that somebody has begun how far they are."""
    return tuple(_row(step, found) for step in Step)


def _row(step: Step, found: Mapping[Step, Progress]) -> StepRow:
    progress = found.get(step, Progress.OPEN)
    missing = tuple(
        each for each in _NEEDS.get(step, ()) if found.get(each, Progress.OPEN) is not Progress.DONE
    )
    if missing and progress is Progress.OPEN:
        return StepRow(step, Progress.WAITS, missing)
    return StepRow(step, progress)


def is_complete(rows: tuple[StepRow, ...]) -> bool:
    """Whether nothing is left to do."""
    return all(row.progress is Progress.DONE for row in rows)


def next_step(rows: tuple[StepRow, ...]) -> Step | None:
    """What to see to now; None when all is done, or under way by itself."""
    wanted = (Progress.FAILED, Progress.OPEN)
    return next((row.step for row in rows if row.progress in wanted), None)
