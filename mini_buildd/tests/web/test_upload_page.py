"""An upload's page: its timeline tells what held it up, and each lane what it did."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from mini_buildd.db import models
from mini_buildd.db.queries.timeline import timeline_of
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.states import JobState
from mini_buildd.tests.web.builder import Builder
from mini_buildd.web.upload_lanes import upload_lanes


class Story:
    """An upload whose events are told one by one, with seconds since it came."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.source = builder.source("hello", "1", minutes=60)
        self.jobs = {
            name: builder.job(self.source, JobState.WAITING, name) for name in ("amd64", "i386")
        }
        models.Event.objects.filter(job__isnull=False).delete()
        models.Source.objects.filter(pk=self.source.pk).update(accepted_at=self.at(5))

    def at(self, seconds: float) -> datetime:
        """So many seconds after the upload came."""
        return self.builder.at - timedelta(minutes=60) + timedelta(seconds=seconds)

    def tell(self, architecture: str, *steps: tuple[EventKind, float]) -> None:
        """What happened to the build on *architecture*."""
        for kind, seconds in steps:
            job = self.jobs[architecture]
            models.Event.objects.create(
                kind=kind,
                at=self.at(seconds),
                job=job,
                source=self.source,
                upload=self.source.upload,
            )

    def lanes(self, seconds: float) -> list[tuple[str, str, str]]:
        """What the table of the plot says so many seconds after the upload came."""
        assert self.source.upload_id is not None
        timeline = timeline_of(self.source.upload_id)
        assert timeline is not None
        figure = upload_lanes(timeline, self.at(seconds))
        assert figure is not None
        return [(row.word, row.cells[0], row.cells[2]) for row in figure.rows]


@pytest.fixture
def story(builder: Builder) -> Story:
    return Story(builder)


def test_what_held_it_up_is_told_lane_by_lane(story: Story) -> None:
    story.tell(
        "amd64",
        (EventKind.JOB_PLANNED, 5),
        (EventKind.JOB_ASSIGNED, 15),
        (EventKind.JOB_STARTED, 17),
        (EventKind.JOB_SUCCEEDED, 115),
    )
    story.tell(
        "i386",
        (EventKind.JOB_PLANNED, 5),
        (EventKind.JOB_DEP_WAIT, 10),
        (EventKind.JOB_RELEASED, 610),
        (EventKind.JOB_ASSIGNED, 620),
        (EventKind.JOB_LOST, 630),
        (EventKind.JOB_ASSIGNED, 660),
        (EventKind.JOB_FAILED, 700),
    )
    assert story.lanes(1000) == [
        ("upload", "being checked", "0:05"),
        ("amd64", "waiting", "0:10"),
        ("amd64", "building", "1:40"),
        ("amd64", "waiting for the others", "14:45"),
        ("i386", "waiting", "0:05"),
        ("i386", "in dep-wait", "10:00"),
        ("i386", "waiting", "0:10"),
        ("i386", "building", "0:10"),
        ("i386", "waiting", "0:30"),
        ("i386", "building, and failed", "0:40"),
    ]


def test_what_goes_on_now_goes_on_in_the_plot(story: Story) -> None:
    story.tell("amd64", (EventKind.JOB_PLANNED, 5), (EventKind.JOB_STARTED, 10))
    assert story.lanes(70)[-1] == ("amd64", "building", "1:00")
    assert story.lanes(130)[-1] == ("amd64", "building", "2:00")


def test_its_publication_ends_it(story: Story) -> None:
    story.tell("amd64", (EventKind.JOB_STARTED, 10), (EventKind.JOB_SUCCEEDED, 60))
    models.Publication.objects.create(
        distribution=story.source.distribution,
        number=1,
        cause=story.source,
        decided_at=story.at(60),
        published_at=story.at(63),
    )
    assert story.lanes(9999)[-1] == ("suite", "being published", "0:03")


def test_the_page_shows_the_timeline_and_the_events(client: Client, story: Story) -> None:
    story.tell("amd64", (EventKind.JOB_PLANNED, 5), (EventKind.JOB_STARTED, 10))
    page = client.get(f"/uploads/{story.source.upload_id}/").content.decode()
    assert 'id="timeline"' in page
    assert "job.started" in page


def test_what_was_not_accepted_has_no_timeline(client: Client, builder: Builder) -> None:
    upload = builder.upload("hello", "1")
    page = client.get(f"/uploads/{upload.pk}/").content.decode()
    assert 'id="timeline"' not in page
