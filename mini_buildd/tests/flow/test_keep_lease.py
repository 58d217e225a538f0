"""Leases: kept while the builder sees its build, lost when nobody has heard of it."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from mini_buildd.db import models
from mini_buildd.flow.keep_lease import expire_lease, late_attempts, renew
from mini_buildd.flow.report import report
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import BUILDER, Scene
from mini_buildd.wire.task import Task


def running(scene: Scene, *names: str) -> list[Task]:
    """Builds of our builder, with leases."""
    for name in names or ("hello",):
        scene.accepted(SourcePackage(name))
    tasks = list(scene.assign())
    renew(scene.site, [scene.started(task) for task in tasks])
    return tasks


def late(scene: Scene, but_of: str = "another") -> list[models.Attempt]:
    """Whose leases ran out."""
    return late_attempts(scene.site, but_of=but_of)


def test_a_lease_is_renewed_in_time_and_not_more_often_than_needed(scene: Scene) -> None:
    tasks = running(scene, "one", "two", "three")
    length = scene.settings.builder.lease_seconds
    with CaptureQueriesContext(connection) as asked:
        renew(scene.site, [scene.attempt(task) for task in tasks])
        before = len([each for each in asked if each["sql"].startswith("UPDATE")])
        scene.clock.now += timedelta(seconds=length * 0.6)
        renew(scene.site, [scene.attempt(task) for task in tasks])
    updates = [each for each in asked if each["sql"].startswith("UPDATE")]
    assert (before, len(updates)) == (0, 1)
    scene.clock.now += timedelta(seconds=length * 0.6)
    assert late(scene) == []


def test_a_builder_that_is_gone_loses_its_attempt_and_its_late_answer_is_not_taken(
    scene: Scene,
) -> None:
    (task,) = running(scene)
    result = scene.build(task)
    assert late(scene) == []
    scene.clock.now += timedelta(seconds=scene.settings.builder.lease_seconds + 1)
    (attempt,) = late(scene)
    assert expire_lease(scene.site, attempt) == ["job.lost"]
    (second,) = scene.assign()
    assert second.fence == 2
    stale = scene.attempt(task)
    assert stale.reason.startswith(f"nothing was heard of {BUILDER} until 2026-11-20 12:")
    assert report(scene.site, stale, result, scene.results(task)) == []
    stale.outcome = ""
    assert report(scene.site, stale, result, scene.results(task)) == []
    assert not models.Binary.objects.exists()
    assert scene.report(second).state == "succeeded"


def test_one_that_never_got_a_lease_runs_out_as_well(scene: Scene) -> None:
    scene.accepted()
    scene.assign()
    models.Attempt.objects.update(lease_until=None)
    assert late(scene) == []
    scene.clock.now += timedelta(seconds=scene.settings.builder.lease_seconds + 1)
    assert len(late(scene)) == 1


def test_the_builder_here_sees_for_itself(scene: Scene) -> None:
    running(scene)
    scene.clock.now += timedelta(days=1)
    assert late(scene, but_of=BUILDER) == []


def test_what_has_ended_keeps_no_lease(scene: Scene) -> None:
    (task,) = running(scene)
    scene.report(task)
    attempt = scene.attempt(task)
    scene.clock.now += timedelta(days=1)
    renew(scene.site, [attempt])
    assert scene.attempt(task).lease_until == attempt.lease_until
    assert late(scene) == []
