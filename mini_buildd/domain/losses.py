"""Attempts that failed for reasons of the builder, never of the package: what follows from them."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from mini_buildd.domain.states import JobState

# How an attempt ended of which nothing came back, not even a reason.
VANISHED = "vanished"
# How one ended that had no room where it worked.
NO_ROOM = "disk"

MAX_VANISHED = 3
MAX_LOST = 6
# Before the next attempt; a mirror that is down for an hour fails nobody's package.
_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 480, 1800, 3600))

MAX_FAULTS = 3
_ASIDE = timedelta(minutes=10)
_MAX_ASIDE = timedelta(hours=6)


def after_losses(stages: Sequence[str]) -> JobState:
    """Where a job goes that was lost in these *stages*, one after the other: on, or to failed.

    What vanishes again and again may well be the package's doing, and is given up sooner.
    """
    given_up = len(stages) >= MAX_LOST or stages.count(VANISHED) >= MAX_VANISHED
    return JobState.FAILED if given_up else JobState.WAITING


def delay_after(stages: Sequence[str]) -> timedelta:
    """How long the job waits before its next attempt, after it was lost in these *stages*.

    The first that vanished is tried again at once, and so is the first that had no room: the next
    one works elsewhere.
    """
    if stages in ([VANISHED], [NO_ROOM]):
        return timedelta()
    return _DELAYS[min(len(stages) - 1, len(_DELAYS) - 1)]


def work_for(stages: Collection[str], usual: str) -> str:
    """Where the next attempt works (wire.task.Task.work): on the disk once memory was too small."""
    return "disk" if NO_ROOM in stages else usual


def is_better_elsewhere(builder: str, lost_by: Collection[str], able: Collection[str]) -> bool:
    """Whether another builder should try: this one has lost the job, and one that is able has not.

    *able* are all builders that can build it now.
    """
    return builder in lost_by and bool(set(able) - set(lost_by))


def aside_for(faults: int) -> timedelta | None:
    """How long a builder with so many *faults* in a row is given no jobs; None: it goes on."""
    if faults < MAX_FAULTS:
        return None
    doubled = 1 << min(faults - MAX_FAULTS, 10)
    return min(_ASIDE * doubled, _MAX_ASIDE)
