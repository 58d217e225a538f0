"""A database with a long history: what the daemon does every few seconds must not notice it."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mini_buildd.db import models
from mini_buildd.flow import sweep
from mini_buildd.flow.announce import announce
from mini_buildd.flow.deliver import due_programs, due_webhooks
from mini_buildd.flow.judge import newest_in_suite
from mini_buildd.flow.letters import post
from mini_buildd.flow.tell import tell
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene


@pytest.fixture
def old(scene: Scene) -> Scene:
    """An instance that has published something."""
    scene.published()
    return scene


def sweeps(scene: Scene) -> dict[str, Callable[[], object]]:
    """What the daemon does again and again when there is nothing to do."""
    return {
        "take_in": lambda: sweep.take_in(scene.site, lambda _: False),
        "judge_all": lambda: sweep.judge_all(scene.site),
        "publish_all": lambda: sweep.publish_all(scene.site),
        "under_way": lambda: sweep.attempts_under_way("here"),
        "assign": scene.assign,
        "announce": lambda: announce(scene.site),
        "tell": lambda: (tell(scene.site), due_webhooks(scene.site), due_programs(scene.site)),
        "post": lambda: post(scene.site),
        "newest_in_suite": lambda: newest_in_suite(models.Source.objects.earliest("id")),
    }


@pytest.mark.parametrize("name", ["judge_all", "publish_all", "assign"])
def test_a_sweep_asks_as_much_after_many_publications_as_after_one(old: Scene, name: str) -> None:
    def questions() -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            sweeps(old)[name]()
        return [query["sql"] for query in asked.captured_queries]

    before = len(questions())
    for number in range(2, 6):
        old.published(SourcePackage(version=f"1.0-1~test13+{number}"))
    assert len(questions()) == before


def effort(work: Callable[[], object]) -> int:
    """How much SQLite works: its own count of hundreds of virtual machine steps."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    raw = connection.connection
    raw.set_progress_handler(count, 100)
    try:
        work()
    finally:
        raw.set_progress_handler(None, 0)
    return steps


@pytest.mark.parametrize(
    "name",
    [
        "take_in",
        "judge_all",
        "publish_all",
        "under_way",
        "assign",
        "announce",
        "tell",
        "post",
        "newest_in_suite",
    ],
)
def test_a_sweep_costs_the_same_after_thousands_of_sources(old: Scene, name: str) -> None:
    work = sweeps(old)[name]
    work()
    before = effort(work)
    _grow(old, 3_000)
    if name == "tell":
        work()  # what is new is read, once
    assert effort(work) <= 2 * before + 20


def _grow(scene: Scene, count: int) -> None:
    """Copy the one published source with all that belongs to it, *count* times."""
    source = models.Source.objects.get()
    first = 1000
    numbers = range(first, first + count)
    assert source.upload is not None
    upload, job, attempt = source.upload, source.jobs.get(), models.Attempt.objects.get()
    distribution = scene.distribution()

    def copies(row: models.Upload | models.Source | models.Job | models.Attempt, **how: object):  # type: ignore[no-untyped-def]  # noqa: ANN202  # rows of any kind
        for number in numbers:
            values = {
                field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields
            }
            values.update({key: make(number) for key, make in how.items()})  # type: ignore[operator]  # functions of the number
            yield row.__class__(**values)

    models.Upload.objects.bulk_create(copies(upload, id=int, token=lambda n: f"{n:032}"))
    models.Source.objects.bulk_create(
        copies(source, id=int, upload_id=int, version=lambda n: f"1.{n}", name=lambda n: f"p{n}")
    )
    models.Job.objects.bulk_create(copies(job, id=int, source_id=int))
    models.Attempt.objects.bulk_create(
        copies(attempt, id=int, job_id=int, token=lambda n: f"{n:032}", buildinfo_id=lambda _: None)
    )
    models.Publication.objects.bulk_create(
        models.Publication(
            distribution=distribution,
            number=number,
            decided_at=scene.clock(),
            published_at=scene.clock(),
            cause_id=number,
        )
        for number in numbers
    )
    models.SuiteEntry.objects.bulk_create(
        models.SuiteEntry(distribution=distribution, source_id=number, added_in=number)
        for number in numbers
    )
    models.Event.objects.bulk_create(
        models.Event(kind=kind, at=scene.clock(), source_id=number, job_id=number)
        for number in numbers
        for kind in ("source.accepted", "job.planned", "job.started", "job.succeeded")
    )
