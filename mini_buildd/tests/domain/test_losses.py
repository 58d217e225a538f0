"""What follows from attempts that failed for reasons of the builder."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.domain.losses import (
    MAX_FAULTS,
    MAX_LOST,
    MAX_VANISHED,
    NO_ROOM,
    VANISHED,
    after_losses,
    aside_for,
    delay_after,
    is_better_elsewhere,
    work_for,
)
from mini_buildd.domain.states import JOB_MOVES, JobState

_STAGES = st.lists(st.sampled_from([VANISHED, NO_ROOM, "fetch-src", ""]), min_size=1, max_size=9)


@given(_STAGES)
def test_a_job_goes_on_and_after_enough_it_does_not(stages: list[str]) -> None:
    state = after_losses(stages)
    assert state in JOB_MOVES[JobState.LOST]
    is_enough = len(stages) >= MAX_LOST or stages.count(VANISHED) >= MAX_VANISHED
    assert (state is JobState.FAILED) == is_enough


@given(_STAGES)
def test_more_losses_never_wait_shorter_and_none_for_more_than_an_hour(stages: list[str]) -> None:
    delays = [delay_after(stages[:count]) for count in range(1, len(stages) + 1)]
    assert all(one <= two for one, two in pairwise(delays))
    assert all(delay <= timedelta(hours=1) for delay in delays)


def test_the_first_delay_depends_on_what_happened() -> None:
    assert delay_after([VANISHED]) == delay_after([NO_ROOM]) == timedelta()
    assert delay_after(["fetch-src"]) == timedelta(seconds=30)
    assert delay_after([NO_ROOM, NO_ROOM]) == timedelta(minutes=2)


def test_who_had_no_room_in_memory_works_on_the_disk() -> None:
    assert work_for([], "auto") == "auto"
    assert work_for(["fetch-src"], "tmpfs") == "tmpfs"
    assert work_for(["fetch-src", NO_ROOM, VANISHED], "tmpfs") == "disk"


@pytest.mark.parametrize(
    ("builder", "lost_by", "able", "elsewhere"),
    [
        ("a", "", "a", False),
        ("a", "a", "a", False),
        ("a", "a", "ab", True),
        ("a", "ab", "ab", False),
        ("b", "a", "ab", False),
    ],
)
def test_another_builder_tries_what_one_has_lost(
    builder: str, lost_by: str, able: str, *, elsewhere: bool
) -> None:
    assert is_better_elsewhere(builder, lost_by, able) is elsewhere


def test_a_builder_is_set_aside_for_longer_and_longer() -> None:
    assert aside_for(MAX_FAULTS - 1) is None
    times = [aside_for(faults) for faults in range(MAX_FAULTS, MAX_FAULTS + 40)]
    assert times[:3] == [timedelta(minutes=minutes) for minutes in (10, 20, 40)]
    assert times[-1] == timedelta(hours=6)
