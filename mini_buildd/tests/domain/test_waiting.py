"""Why a job waits, in words."""

from datetime import UTC, datetime, timedelta

import pytest

from mini_buildd.domain.builder import Capacity, Demand
from mini_buildd.domain.needs import Needs
from mini_buildd.domain.scheduling import Line, RunningJob, WaitingJob
from mini_buildd.domain.waiting import Forecast, foresee, why

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLACE = ("trixie", "amd64")
HERE = Capacity("here", 2, cores=4, memory_mb=8192, disk_mb=50_000, tags=frozenset({"ssd"}))


def said(
    needs: Needs, *builders: Capacity, forecast: Forecast | None = None, **more: object
) -> str:
    """What is said of a job with these *needs*."""
    job = WaitingJob(1, "p1", "ada", Demand(PLACE, needs), **more)  # type: ignore[arg-type]  # its fields
    return why(job, forecast, builders or (HERE,), {PLACE}, NOW)


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        (Needs(memory_mb=16_384), "needs 16 GB of memory: no builder has more than 8 GB"),
        (Needs(disk_mb=100_000), "needs 97.7 GB of disk: no builder has more than 48.8 GB"),
        (Needs(cores=8), "needs 8 cores: no builder has more than 4"),
        (Needs(tags=frozenset({"gpu", "ssd"})), "no builder is tagged gpu"),
    ],
)
def test_what_no_builder_can_ever_run_says_so(needs: Needs, words: str) -> None:
    assert said(needs) == words


def test_what_no_single_builder_has_all_of_says_so() -> None:
    other = Capacity("there", 1, memory_mb=99_000)
    needs = Needs(memory_mb=20_000, tags=frozenset({"ssd"}))
    assert said(needs, HERE, other) == "no builder has all of: 19.5 GB of memory, the tag ssd"


def test_an_architecture_that_nobody_builds_on_is_told() -> None:
    assert said(Needs(), Capacity("arm", 1, architectures=frozenset({"arm64"}))) == (
        "no builder builds on amd64"
    )


def test_a_chroot_that_is_missing_is_told_with_the_command() -> None:
    job = WaitingJob(1, "p1", "ada", Demand(("trixie", "i386"), Needs()))
    assert why(job, None, (HERE,), {PLACE}, NOW) == (
        "no chroot for trixie i386; make it with mini-buildd chroot create trixie i386"
    )


def test_builders_that_are_given_no_jobs_are_told() -> None:
    off = Capacity("here", 2, is_enabled=False)
    assert said(Needs(), off) == "waits for here: disabled in the settings"
    until = NOW + timedelta(minutes=5)
    aside = Capacity("here", 2, set_aside_at=NOW, set_aside_until=until)
    assert said(Needs(), aside) == "waits for here: set aside after faults until 12:05 UTC"


def test_a_job_that_is_not_to_be_tried_yet_says_until_when_and_why() -> None:
    later = NOW + timedelta(minutes=5)
    told = said(Needs(), not_before_at=later, reason="the disk of here was full")
    assert told == "waits until 12:05 UTC after: the disk of here was full"


@pytest.mark.parametrize(
    ("forecast", "words"),
    [
        (Forecast(0, None), "waits for a slot: next"),
        (Forecast(2, 245), "waits for a slot: 2 ahead, about 4 min"),
        (Forecast(1, 5), "waits for a slot: 1 ahead, less than a minute"),
        (Forecast(900, 40_000), "waits for a slot: 900 ahead, about 11 h"),
    ],
)
def test_what_only_waits_for_a_slot_says_how_many_are_ahead(forecast: Forecast, words: str) -> None:
    assert said(Needs(), forecast=forecast) == words


def test_turns_and_times_follow_from_what_runs_and_what_is_ahead() -> None:
    line, demand = Line(), Demand(PLACE, Needs())
    line.start(RunningJob(1, "here", "ada", Needs(), NOW + timedelta(seconds=30)))
    line.start(RunningJob(2, "here", "ada", Needs(), NOW + timedelta(seconds=100)))
    for pk in (3, 4, 5):
        line.add(WaitingJob(pk, f"p{pk}", "ada", demand, expected_seconds=60))
    tagged = Demand(PLACE, Needs(tags=frozenset({"gpu"})))
    line.add(WaitingJob(6, "p6", "ada", tagged, expected_seconds=60))
    found = foresee(line, [HERE], NOW)
    assert found == {3: Forecast(0, 30), 4: Forecast(1, 90), 5: Forecast(2, 100)}
