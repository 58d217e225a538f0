"""What the queries give: frozen rows, and the right ones."""

from dataclasses import FrozenInstanceError, fields, is_dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import Model
from django.utils.timezone import now

from mini_buildd.db.queries.builds import find_attempt, find_build, last_good_seconds, list_builds
from mini_buildd.db.queries.events import list_events
from mini_buildd.db.queries.now import find_now
from mini_buildd.db.queries.page import page
from mini_buildd.db.queries.repositories import find_repository, list_repositories
from mini_buildd.db.queries.uploads import find_upload, list_uploads, upload_row, uploads
from mini_buildd.domain.problem import DistributionUnknown
from mini_buildd.domain.states import JobState, Outcome, SourceState
from mini_buildd.tests.web.builder import Builder


@pytest.fixture
def builder(tmp_path: Path, db: None) -> Builder:
    """A configured instance; nothing was uploaded yet."""
    del db
    return Builder(tmp_path)


def demand_plain(value: object) -> None:
    """Nothing in *value*, however deep, belongs to Django."""
    assert not isinstance(value, Model)
    if isinstance(value, tuple):
        for item in value:
            demand_plain(item)
    elif is_dataclass(value):
        assert not hasattr(value, "__dict__")
        for item in fields(value):
            demand_plain(getattr(value, item.name))
        with pytest.raises(FrozenInstanceError):
            setattr(value, fields(value)[0].name, None)


def test_rows_are_plain_and_frozen(builder: Builder) -> None:
    source = builder.published("hello", "2.10-5~test13+1")
    job = builder.failed("zlib", "1.3-1~test13+1")
    builder.running("ed", "1.21-1~test13+1")
    for value in (
        find_now(now(), [job.pk]),
        list_uploads(),
        find_upload(source.upload_id or 0),
        list_builds(),
        find_build(job.pk),
        list_repositories(),
        find_repository("test"),
        list_events(),
    ):
        demand_plain(value)


def test_what_is_not_there_is_none(builder: Builder) -> None:
    del builder
    assert find_upload(1) is None
    assert find_build(1) is None
    assert find_attempt(1, None) is None
    assert find_repository("nothing") is None


def test_a_build_names_its_latest_attempt_and_keeps_the_others(builder: Builder) -> None:
    build = find_build(builder.failed("zlib", "1.3-1~test13+1").pk)
    assert build is not None
    assert [attempt.number for attempt in build.attempts] == [2, 1]
    assert build.row.attempt == build.attempts[0]
    assert build.row.attempt is not None
    assert build.row.attempt.outcome is Outcome.FAILED
    assert build.row.attempt.seconds == 101
    assert build.row.uploader == "ada"
    found = find_attempt(build.row.id, 1)
    assert found is not None
    assert found.outcome is Outcome.LOST


def test_what_a_build_should_take_is_what_the_last_good_one_took(builder: Builder) -> None:
    builder.published("hello", "2.10-4~test13+1", minutes=900)
    job = builder.running("hello", "2.10-5~test13+1")
    row = list_builds().rows[0]
    assert row.id == job.pk
    assert last_good_seconds([row]) == {("hello", "amd64"): 160}
    assert last_good_seconds([]) == {}


def test_now_shows_what_waits_in_the_order_of_the_queue(builder: Builder) -> None:
    source = builder.source("lua5.4", "5.4-1~test13+1")
    jobs = [builder.job(source, JobState.WAITING, name) for name in ("amd64", "i386")]
    found = find_now(now(), [jobs[1].pk, 4711, jobs[0].pk])
    assert [row.architecture for row in found.waiting] == ["i386", "amd64"]


def test_now_forgets_failures_that_are_old_or_came_again(builder: Builder) -> None:
    builder.failed("zlib", "1.3-1~test13+1")
    problem = DistributionUnknown(expected="a", found="b", hint="c")
    builder.rejected("figlet", "2.2-1", problem)
    builder.rejected("figlet", "2.2-1", problem)
    found = find_now(now(), ())
    assert [row.source for row in found.failed] == ["zlib"]
    assert [row.source for row in found.rejected] == ["figlet"]
    assert not find_now(now() + timedelta(days=8), ()).failed
    builder.running("zlib", "1.3-2~test13+1")
    assert not find_now(now(), ()).failed


def test_an_upload_tells_the_state_of_its_source_once_accepted(builder: Builder) -> None:
    received = builder.upload("sl", "5-1~test13+1")
    published = builder.published("tree", "2-1~test13+1")
    states = {row.id: row.source_state for row in list_uploads().rows}
    assert states == {received.pk: None, published.upload_id: SourceState.PUBLISHED}


def test_a_repository_shows_what_its_suites_hold_now(builder: Builder) -> None:
    old = builder.published("tree", "2-1~test13+1")
    builder.published("tree", "2-2~test13+1")
    old.entries.update(removed_in=2)
    found = find_repository("test")
    assert found is not None
    unstable = found.distributions[0]
    assert unstable.name == "trixie-test-unstable"
    assert unstable.number == 2
    assert unstable.package_count == 1
    (package,) = unstable.packages
    assert (package.name, package.version, package.binaries) == ("tree", "2-2~test13+1", ("tree",))
    assert package.published_at is not None
    assert unstable.version_ending == "~test13+1"
    assert [row.packages for row in list_repositories()] == [1]


def test_pages_meet_without_gap_or_overlap(builder: Builder) -> None:
    made = [builder.upload("sl", str(number)).pk for number in range(7)]
    seen: list[int] = []
    before = None
    while True:
        found = page(uploads(), upload_row, before, 3)
        seen += [row.id for row in found.rows]
        before = found.older
        if before is None:
            break
    assert seen == made[::-1]


def test_an_event_tells_what_it_concerns(builder: Builder) -> None:
    source = builder.published("tree", "2-1~test13+1")
    rows = list_events().rows
    assert rows[0].kind == "suite.published"
    assert rows[0].distribution == "trixie-test-unstable"
    assert {row.upload_id for row in rows} == {source.upload_id}
    assert {row.package for row in rows} == {"tree 2-1~test13+1"}
