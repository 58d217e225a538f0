"""What is counted as time goes by: the queue minute by minute, and how builds ended by day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from mini_buildd.db import models
from mini_buildd.db.queries import measures
from mini_buildd.db.queries.measures import first_samples, list_days, list_samples, open_jobs
from mini_buildd.domain.states import JobState, Outcome
from mini_buildd.flow.measure import count_days, fold_samples, measure, sample_queue
from mini_buildd.tests.web.builder import Builder

AT = datetime(2026, 5, 3, 12, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def builder(tmp_path_factory: pytest.TempPathFactory, db: None) -> Builder:
    del db
    return Builder(tmp_path_factory.mktemp("instance"), at=AT)


def queue_up(builder: Builder, name: str, state: JobState, architecture: str = "amd64") -> None:
    builder.job(builder.source(name, "1"), state, architecture)


def ended(builder: Builder, name: str, outcome: Outcome, at: datetime, seconds: int = 60) -> None:
    """A build that ended then."""
    job = builder.job(builder.source(name, "1"), JobState(outcome.value))
    builder.attempt(job, None, outcome)
    job.attempts.update(started_at=at - timedelta(seconds=seconds), finished_at=at)


def test_a_sample_has_what_waits_and_what_runs_by_architecture(builder: Builder) -> None:
    queue_up(builder, "a", JobState.WAITING)
    queue_up(builder, "b", JobState.WAITING)
    queue_up(builder, "c", JobState.RUNNING)
    queue_up(builder, "d", JobState.ASSIGNED, "i386")
    queue_up(builder, "e", JobState.SUCCEEDED)
    sample_queue(AT)
    found = {(row.architecture, row.waiting, row.running) for row in list_samples(AT - MINUTE)}
    assert found == {("amd64", 2, 1), ("i386", 0, 1)}
    assert open_jobs()["amd64", "waiting"] == 2


def test_a_minute_is_noted_once_and_an_idle_one_not_at_all(builder: Builder) -> None:
    sample_queue(AT)
    assert not list_samples(AT - MINUTE)
    queue_up(builder, "a", JobState.WAITING)
    sample_queue(AT)
    queue_up(builder, "b", JobState.WAITING)
    sample_queue(AT + timedelta(seconds=20))
    sample_queue(AT + MINUTE)
    assert [row.waiting for row in list_samples(AT - MINUTE)] == [1, 2]


def test_minutes_of_long_ago_become_hours_with_the_most_of_each(builder: Builder) -> None:
    del builder
    hour = datetime(2026, 5, 1, 9, tzinfo=UTC)
    for minute, waiting in ((0, 3), (30, 7), (59, 1)):
        at = hour + minute * MINUTE
        models.QueueSample.objects.create(at=at, architecture="amd64", waiting=waiting, running=2)
    recent = AT - 10 * MINUTE
    models.QueueSample.objects.create(at=recent, architecture="amd64", waiting=4, running=0)
    for _ in range(2):
        fold_samples(AT)
        rows = [(row.at, row.waiting, row.minutes) for row in list_samples(hour - DAY)]
        assert rows == [(hour, 7, 60), (recent, 4, 1)]
    fold_samples(AT + 401 * DAY)
    assert not list_samples(hour - DAY)


def test_samples_come_in_parts_none_of_which_ends_within_a_moment(
    builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    del builder
    monkeypatch.setattr(measures, "SAMPLES", 5)
    for minute in range(5):
        for name in ("amd64", "i386"):
            models.QueueSample.objects.create(
                at=AT + minute * MINUTE, architecture=name, waiting=minute, running=0
            )
    parts: list[list[int]] = []
    since: datetime | None = AT
    while since is not None:
        part = first_samples(since)
        parts.append([row.waiting for row in part.rows])
        since = part.following
    assert parts == [[0, 0, 1, 1], [2, 2, 3, 3], [4, 4]]


def test_days_are_counted_by_how_their_builds_ended(builder: Builder) -> None:
    ended(builder, "a", Outcome.SUCCEEDED, AT - DAY, seconds=100)
    ended(builder, "b", Outcome.SUCCEEDED, AT, seconds=60)
    ended(builder, "c", Outcome.SUCCEEDED, AT, seconds=20)
    ended(builder, "d", Outcome.FAILED, AT)
    ended(builder, "e", Outcome.LOST, AT)
    builder.running("f", "1")
    count_days(AT)
    yesterday, today = list_days(date(2026, 5, 1))
    assert (yesterday.day, yesterday.good, yesterday.mean_seconds) == (date(2026, 5, 2), 1, 100)
    assert (today.good, today.failed, today.other, today.mean_seconds) == (2, 1, 1, 40)


def test_a_day_is_counted_again_while_it_lasts_and_days_that_were_missed_later(
    builder: Builder,
) -> None:
    ended(builder, "a", Outcome.SUCCEEDED, AT)
    count_days(AT)
    ended(builder, "b", Outcome.FAILED, AT + MINUTE)
    ended(builder, "c", Outcome.FAILED, AT + 3 * DAY)
    count_days(AT + 4 * DAY)
    assert [(row.day.day, row.good, row.failed) for row in list_days(date(2026, 5, 1))] == [
        (3, 1, 1),
        (6, 0, 1),
    ]


def test_what_is_counted_already_is_not_written_again(
    builder: Builder, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    ended(builder, "a", Outcome.SUCCEEDED, AT)
    measure(AT)
    with django_assert_num_queries(5):  # type: ignore[operator]  # pytest-django's own
        measure(AT + MINUTE)  # nothing waits: all of these only read


def test_days_can_be_had_by_distribution_and_architecture(builder: Builder) -> None:
    ended(builder, "a", Outcome.SUCCEEDED, AT)
    count_days(AT)
    since, suite = date(2026, 5, 1), "trixie-test-unstable"
    assert len(list_days(since, distribution=suite, architecture="amd64")) == 1
    assert not list_days(since, distribution="trixie-test-testing")
    assert not list_days(since, architecture="i386")
