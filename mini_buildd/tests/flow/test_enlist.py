"""A builder says what it has, and is given what fits."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mini_buildd.config.settings import Builder
from mini_buildd.db import models
from mini_buildd.flow.enlist import enlist
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import BUILDER, Scene


def test_it_says_what_this_machine_has(scene: Scene) -> None:
    settings = Builder(slots=3, tags=("ssd", "gpu"))
    scene.use(replace(scene.settings, builder=settings))
    enlist(scene.site, BUILDER)
    row = models.Builder.objects.get()
    assert (row.name, row.slots, row.tags, row.architectures) == (BUILDER, 3, "gpu ssd", "amd64")
    assert row.cores == len(os.sched_getaffinity(0))
    assert row.memory_mb > 100
    assert row.disk_mb >= 0


def test_only_what_is_new_is_written(scene: Scene) -> None:
    enlist(scene.site, BUILDER)
    models.Builder.objects.update(is_enabled=False, faults=2)
    with CaptureQueriesContext(connection) as asked:
        enlist(scene.site, BUILDER)
    assert not [each for each in asked if each["sql"].startswith(("UPDATE", "INSERT"))]
    scene.use(replace(scene.settings, builder=Builder(slots=7)))
    enlist(scene.site, BUILDER)
    row = models.Builder.objects.get()
    assert (row.slots, row.is_enabled, row.faults) == (7, False, 2)


@pytest.mark.parametrize(
    "limits",
    [
        {"is_enabled": False},
        {"memory_mb": 4096},
        {"cores": 2},
        {"architectures": "arm64"},
        {"tags": "ssd"},
    ],
)
def test_a_builder_is_given_nothing_that_does_not_fit(
    scene: Scene, limits: dict[str, object]
) -> None:
    models.Builder.objects.create(name=BUILDER, slots=2, **limits)
    models.BuildNeeds.objects.create(source="hello", memory_mb=8192, cores=4, tags="gpu")
    scene.accepted()
    assert scene.assign() == ()
    models.Builder.objects.update(
        is_enabled=True, memory_mb=8192, cores=4, architectures="amd64 i386", tags="gpu ssd"
    )
    (task,) = scene.assign()
    assert task.source == "hello"


def test_what_a_package_needed_before_is_kept_free_for_it(scene: Scene) -> None:
    scene.published()
    models.Attempt.objects.update(peak_memory_bytes=6 << 30)
    models.Builder.objects.create(name=BUILDER, slots=2, memory_mb=10_000)
    for number in (2, 3):
        scene.accepted(SourcePackage(version=f"1.0-1~test13+{number}"))
    assert len(scene.assign()) == 1
    assert scene.assign() == ()
    models.Builder.objects.update(memory_mb=20_000)
    assert len(scene.assign()) == 1


def test_priority_goes_first_and_what_is_not_due_waits(scene: Scene) -> None:
    for name in ("one", "two", "three"):
        scene.accepted(SourcePackage(name))
    models.BuildNeeds.objects.create(source="three", priority=5)
    later = scene.clock() + timedelta(minutes=5)
    models.Job.objects.filter(source__name="one").update(not_before_at=later)
    assert [task.source for task in scene.assign()] == ["three", "two"]
    scene.clock.now = later
    assert [task.source for task in scene.assign()] == ["one"]


def test_a_task_has_limits_and_what_its_suite_says(scene: Scene) -> None:
    settings = Builder(memory_mb=4096, max_minutes=90, max_log_mb=3, cores=2, work="disk")
    scene.use(replace(scene.settings, builder=settings))
    models.BuildNeeds.objects.create(source="hello", memory_mb=8192, minutes=600)
    models.Suite.objects.update(uses_ccache=True, build_setup="echo hello")
    scene.publish_all()
    scene.accepted()
    (task,) = scene.assign()
    assert (task.limits.memory_bytes, task.limits.minutes, task.limits.cores) == (8 << 30, 600, 2)
    assert (task.limits.log_bytes, task.limits.disk_bytes, task.work) == (3 << 20, 0, "disk")
    assert task.ccache == str(scene.site.places.ccache / "test" / "hello")
    assert task.setup == "echo hello"
    assert task.layers == str(scene.site.places.layers)
    assert {each.tree for each in task.apt_sources} == {str(scene.site.tree("test").root)}
    attempt = scene.attempt(task)
    assert attempt.lease_until is not None
    lease = (attempt.lease_until - attempt.assigned_at).total_seconds()
    assert lease == settings.lease_seconds
