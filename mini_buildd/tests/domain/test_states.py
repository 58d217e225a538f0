"""The state tables: what they lead to, and that nothing else is possible."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

import pytest

from mini_buildd.domain.states import (
    JOB_MOVES,
    JOB_OPEN,
    JOB_UNDER_WAY,
    SOURCE_MOVES,
    UPLOAD_MOVES,
    IllegalMove,
    JobState,
    Outcome,
    SourceState,
    UploadState,
    check_move,
)

State = TypeVar("State", bound=StrEnum)

# As in the plan of the house.
_JOBS = """
waiting → dep_wait | assigned | cancelled
dep_wait → waiting | cancelled
assigned → running | lost | cancelled
running → succeeded | failed | dep_wait | lost | cancelled
lost → waiting | failed
failed → waiting
cancelled → waiting
"""


def _reachable(table: Mapping[State, frozenset[State]], start: State) -> set[State]:
    found = {start}
    while more := {new for old in found for new in table[old]} - found:
        found |= more
    return found


def test_jobs_move_as_the_plan_says() -> None:
    planned = {
        JobState(old): frozenset(JobState(new) for new in moves.split(" | "))
        for old, moves in (line.split(" → ") for line in _JOBS.split("\n") if line)
    }
    assert {old: moves for old, moves in JOB_MOVES.items() if moves} == planned


def test_every_state_has_its_row_and_is_reached_from_the_first() -> None:
    assert _reachable(JOB_MOVES, JobState.WAITING) == set(JobState) == set(JOB_MOVES)
    assert _reachable(SOURCE_MOVES, SourceState.ACCEPTED) == set(SourceState) == set(SOURCE_MOVES)
    assert _reachable(UPLOAD_MOVES, UploadState.RECEIVED) == set(UploadState) == set(UPLOAD_MOVES)


def test_an_open_job_can_still_end_and_one_that_is_not_open_has_ended() -> None:
    for state in JobState:
        ends = _reachable(JOB_MOVES, state) & {JobState.SUCCEEDED, JobState.FAILED}
        assert ends
    assert JOB_UNDER_WAY < JOB_OPEN
    closed = set(JobState) - JOB_OPEN
    assert closed == {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


def test_an_outcome_is_a_state_that_a_job_may_move_to() -> None:
    assert {JobState(outcome.value) for outcome in Outcome} == JOB_MOVES[JobState.RUNNING]


@pytest.mark.parametrize("old", JobState)
@pytest.mark.parametrize("new", JobState)
def test_a_move_that_is_not_in_the_table_raises(old: JobState, new: JobState) -> None:
    if new in JOB_MOVES[old]:
        check_move(JOB_MOVES, old, new)
    else:
        with pytest.raises(IllegalMove, match=f"JobState: {old} → {new}"):
            check_move(JOB_MOVES, old, new)
