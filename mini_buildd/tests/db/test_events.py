"""Events are found by what they concern, page by page, and by nobody who may not know of them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mini_buildd.db import models
from mini_buildd.db.events import listen, record
from mini_buildd.db.queries.events import list_events, list_events_after
from mini_buildd.db.visibility import hidden, seen_by
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.event_filter import EVERYTHING, EventFilter
from mini_buildd.domain.permission import SELF, VISITOR, Actor, Role
from mini_buildd.tests.web.builder import Builder


@pytest.fixture
def busy(tmp_path: Path, db: None) -> Builder:
    """An instance on which some things have happened, also to people's keys."""
    del db
    builder = Builder(tmp_path)
    builder.published("hello", "2.10-5~test13+1")
    builder.failed("zlib", "1.3-1~test13+1")
    builder.upload("sl", "5-1~test13+1")
    stray = builder.upload("stray", "1")
    stray.distribution, stray.distribution_name = None, "trixie-test-nowhere"
    stray.save()
    builder.event(EventKind.UPLOAD_REJECTED, 1, upload=stray)
    stray = builder.upload("nameless", "1")
    stray.distribution, stray.distribution_name = None, ""
    stray.save()
    builder.event(EventKind.UPLOAD_REJECTED, 1, upload=stray)
    builder.event(EventKind.UPLOADER_KEY_REFUSED, 0, key=builder.key, detail="ada")
    builder.event(EventKind.KEY_ROTATED, 0)
    builder.event(EventKind.SNAPSHOT_TAKEN, 0, repository=builder.repository, detail="test x by a")
    return builder


WISHES: tuple[dict[str, Any], ...] = (
    {},
    {"package": "hello"},
    {"package": "hel"},
    {"person": "ada"},
    {"repository": "test"},
    {"repository": "nothing"},
    {"distribution": "trixie-test-unstable"},
    {"kinds": frozenset({EventKind.SUITE_PUBLISHED})},
    {"kinds": frozenset({EventKind.SUITE_PUBLISHED, EventKind.JOB_FAILED}), "repository": "test"},
    {"upload_id": 0},
    {"job_id": 0},
)


def _asked(wanted: dict[str, Any]) -> EventFilter:
    """The filter for *wanted*; a number stands for that of the first there is."""
    numbers = dict(wanted)
    if "upload_id" in wanted:
        numbers["upload_id"] = models.Upload.objects.earliest("pk").pk
    if "job_id" in wanted:
        numbers["job_id"] = models.Job.objects.earliest("pk").pk
    return EventFilter(**numbers)


@pytest.mark.parametrize("wanted", WISHES, ids=" and ".join)
def test_the_database_finds_what_the_filter_fits(busy: Builder, wanted: dict[str, Any]) -> None:
    for wish in (
        _asked(wanted),
        replace(_asked(wanted), since=busy.at - timedelta(minutes=9)),
        replace(_asked(wanted), until=busy.at - timedelta(minutes=9)),
    ):
        everything = list_events_after(0, count=500)
        # Times of a scene are made up; those of an instance grow with the numbers.
        for number, row in enumerate(everything):
            at = busy.at - timedelta(minutes=len(everything) - number)
            models.Event.objects.filter(pk=row.id).update(at=at)
        expected = [row.id for row in list_events_after(0, count=500) if wish.fits(row)]
        assert [row.id for row in list_events_after(0, wish, count=500)] == expected
        assert [row.id for row in list_events(wish, count=500).rows] == expected[::-1]


def test_each_filter_but_those_for_nothing_finds_something(busy: Builder) -> None:
    del busy
    found = [bool(list_events(_asked(wanted)).rows) for wanted in WISHES]
    assert found.count(False) == 2


@pytest.mark.parametrize(
    "wish",
    [EVERYTHING, EventFilter(kinds=frozenset({EventKind.UPLOAD_ARRIVED, EventKind.JOB_FAILED}))],
)
def test_pages_of_events_meet_in_both_directions(busy: Builder, wish: EventFilter) -> None:
    del busy
    everything = [row.id for row in list_events(wish, count=500).rows]
    pages = [list_events(wish, count=3)]
    assert pages[0].newer is None
    while (older := pages[-1].older) is not None:
        pages.append(list_events(wish, before=older, count=3))
    assert [row.id for page in pages for row in page.rows] == everything
    assert len(pages) > 1
    back = [pages[-1]]
    while (newer := back[-1].newer) is not None:
        back.append(list_events(wish, after=newer, count=3))
    seen = [row.id for page in reversed(back) for row in page.rows]
    assert seen[-len(everything) :] == everything
    assert back[-1].older is not None


def _actors() -> Iterable[Actor]:
    yield VISITOR
    yield SELF
    yield Actor("ada")
    yield Actor("bob")
    yield Actor("ada", is_admin=False, roles=(("test", Role.UPLOADER),))
    yield Actor("root", is_admin=True)


@pytest.mark.parametrize("is_private", [False, True])
def test_what_is_told_as_it_happens_is_what_lists_show(busy: Builder, *, is_private: bool) -> None:
    del busy
    models.Repository.objects.update(is_private=is_private)
    User.objects.create(username="bob")
    everything, counts = list_events_after(0, count=500), set()
    for actor in _actors():
        with seen_by(lambda actor=actor: actor):  # type: ignore[misc]  # mypy and defaults
            listed = [row.id for row in list_events_after(0, count=500)]
            names = hidden()
        counts.add(len(listed))
        assert listed == [
            row.id
            for row in everything
            if row.may_be_seen(actor.name, is_admin=actor.is_admin, hidden=names)
        ]
    assert len(counts) >= 2 + is_private
    assert len(everything) in counts


@pytest.mark.django_db(transaction=True)
def test_who_listens_is_woken_after_the_commit(tmp_path: Path) -> None:
    builder, woken = Builder(tmp_path), []
    unlisten = listen(lambda: woken.append(models.Event.objects.count()))
    builder.event(EventKind.KEY_ROTATED, 0)
    unlisten()
    builder.event(EventKind.KEY_ROTATED, 0)
    assert woken == [1]


@pytest.mark.parametrize("wanted", WISHES, ids=" and ".join)
def test_events_are_found_by_an_index_in_few_questions(
    busy: Builder, wanted: dict[str, Any]
) -> None:
    del busy
    wish = _asked(wanted)
    with CaptureQueriesContext(connection) as asked:
        list_events(wish, before=10**9)
    assert len(asked) <= 5
    with connection.cursor() as cursor:
        for query in asked.captured_queries:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            plan = [row[-1] for row in cursor.fetchall()]
            assert not [step for step in plan if step.startswith("SCAN")], plan


def test_an_event_takes_over_what_it_belongs_to(busy: Builder) -> None:
    job = models.Job.objects.filter(source__name="zlib").get()
    job.source.upload.signer = "Zoe <zoe@example.org>"  # type: ignore[union-attr]  # it has one
    record(EventKind.JOB_RETRIED, busy.at, job=job)
    row = list_events(count=1).rows[0]
    assert (row.source, row.package) == ("zlib", "zlib 1.3-1~test13+1")
    assert (row.repository, row.distribution) == ("test", "trixie-test-unstable")
    assert (row.person, row.job_id) == ("Zoe <zoe@example.org>", job.pk)
    assert row.upload_id == job.source.upload_id


def test_events_of_before_get_what_they_are_found_by(busy: Builder) -> None:
    # The scene moves these away from where they were sent to.
    models.Upload.objects.filter(distribution=None).delete()
    del busy
    expected = list_events_after(0, count=500)
    models.Event.objects.update(package="", person="", repository=None, distribution=None)
    models.Event.objects.filter(job__isnull=False).update(source=None, upload=None)
    migration = import_module("mini_buildd.db.migrations.0018_event_columns")
    migration.fill(apps, None)
    assert list_events_after(0, count=500) == expected
