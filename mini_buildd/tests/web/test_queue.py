"""The page of the queue: what waits, in its order, and why."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from mini_buildd.db import models
from mini_buildd.domain.states import JobState
from mini_buildd.tests.web.builder import Builder


def text_of(client: Client, path: str = "/queue/") -> str:
    """The text that a page shows, in one line."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


@pytest.fixture
def here(builder: Builder) -> Builder:
    """An instance with a builder, a chroot for amd64, and two jobs for it; hello took 2:40."""
    base = models.Base.objects.get()
    models.Chroot.objects.update_or_create(
        base=base, architecture="amd64", backend="unshare", defaults={"made_at": builder.at}
    )
    limits = {"slots": 1, "memory_mb": 8192}
    models.Builder.objects.update_or_create(name="here", defaults=limits)
    builder.published("hello", "2.10-1~test13+1", minutes=100)
    for number in (2, 3, 4):
        source = builder.source("hello", f"2.10-{number}~test13+1", minutes=9)
        builder.job(source, JobState.WAITING, "amd64", minutes=9)
    return builder


def test_it_shows_all_that_waits_in_the_order_of_its_turns(client: Client, here: Builder) -> None:
    del here
    text = text_of(client)
    places = [text.index(f"2.10-{number}~") for number in (2, 3, 4)]
    assert places == sorted(places)
    assert "waits for a slot: next" in text
    assert "waits for a slot: 1 ahead, about 3 min" in text
    assert "waits for a slot: 2 ahead, about 5 min" in text


def test_home_and_the_builds_own_page_say_the_same(client: Client, here: Builder) -> None:
    del here
    job = models.Job.objects.get(source__version="2.10-4~test13+1")
    for path in ("/", f"/builds/{job.pk}/"):
        assert "waits for a slot: 2 ahead, about 5 min" in text_of(client, path), path


def test_a_job_that_no_builder_can_ever_run_says_so(client: Client, here: Builder) -> None:
    del here
    models.BuildNeeds.objects.create(source="hello", memory_mb=16_384)
    assert text_of(client).count("needs 16 GB of memory: no builder has more than 8 GB") == 3


def test_what_waits_for_a_time_or_a_package_says_so(client: Client, here: Builder) -> None:
    later = (now() + timedelta(hours=1)).replace(hour=18, minute=5) + timedelta(days=1)
    first, second, _ = models.Job.objects.filter(state=JobState.WAITING)
    first.not_before_at, first.reason = later, "the builder's disk was full"
    first.save()
    second.state, second.reason = JobState.DEP_WAIT, "waits for libfoo-dev (>= 2) in …"
    second.save()
    text = text_of(client)
    assert "waits until 18:05 UTC after: the builder's disk was full" in text
    assert "waits for libfoo-dev (>= 2) in …" in text
    assert "no chroot" not in text
    models.Chroot.objects.update(is_active=False)
    assert here.count
    assert "no chroot for trixie amd64; make it with" in text_of(client)


def test_a_long_queue_is_shown_page_by_page_in_as_many_questions(
    client: Client, here: Builder
) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/queue/").status_code == 200
        return len(asked)

    before = questions()
    for number in range(5, 105):
        source = here.source("hello", f"2.10-{number}~test13+1", minutes=8)
        here.job(source, JobState.WAITING, "amd64", minutes=8)
    assert questions() == before
    assert "?after=50" in client.get("/queue/").content.decode()
    assert "2.10-53~" in text_of(client, "/queue/?after=50")
    last = client.get("/queue/?after=100").content.decode()
    assert "?after=50" in last
    assert "?after=150" not in last
    assert "Nothing waits this far back" in text_of(client, "/queue/?after=9000")
