"""Assigning: each job to one builder, and none that cannot be built here."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mini_buildd.db import models
from mini_buildd.flow.report import note_lost
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.threads import at_once
from mini_buildd.wire.task import Task


def test_a_task_says_all_that_its_builder_needs(scene: Scene) -> None:
    scene.accepted()
    (task,) = scene.assign()
    assert task.fence == 1
    assert task.dsc.endswith("/archive/test/pool/main/h/hello/hello_1.0-1~test13+1.dsc")
    assert task.chroot.endswith("/chroots/trixie-amd64.tar.zst")
    assert task.apt_sources == (), "no suite is published yet"
    assert scene.assign() == ()


def test_a_build_sees_its_own_suite_and_those_it_leads_to(scene: Scene) -> None:
    scene.publish_all()
    scene.accepted()
    (task,) = scene.assign()
    suites = [source.pin for source in task.apt_sources]
    assert suites == [f"release n=trixie-test-{name}" for name in ("unstable", "testing", "stable")]


def test_oldest_first_and_no_more_than_there_is_room_for(scene: Scene) -> None:
    for name in ("one", "two", "three"):
        scene.accepted(SourcePackage(name))
    assert [task.source for task in scene.assign(2)] == ["one", "two"]
    assert scene.assign(0) == ()
    assert [task.source for task in scene.assign()] == ["three"]


def test_a_job_without_a_chroot_says_so_and_holds_up_no_other(scene: Scene) -> None:
    scene.accepted(SourcePackage("first"))
    models.Chroot.objects.update(made_at=None)
    assert scene.assign() == ()
    job = models.Job.objects.get()
    assert job.reason.endswith("mini-buildd chroot create trixie amd64")
    models.Chroot.objects.update(made_at=scene.clock())
    assert [task.source for task in scene.assign()] == ["first"]
    job.refresh_from_db()
    assert job.reason == ""


def test_a_job_that_cannot_be_handed_out_keeps_no_other_waiting(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    broken = scene.accepted(SourcePackage("broken"))
    scene.accepted(SourcePackage("whole"))
    broken.files.all().delete()
    assert [task.source for task in scene.assign()] == ["whole"]
    assert "broken" in caplog.text
    assert models.Job.objects.get(source=broken).state == "waiting"


def test_how_many_wait_in_vain_does_not_matter(scene: Scene) -> None:
    """Looking for work costs the same questions for one job as for many."""

    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert scene.assign() == ()
        return len(asked)

    models.Chroot.objects.update(made_at=None)
    scene.accepted()
    scene.assign()
    one = questions()
    for number in range(6):
        scene.accepted(SourcePackage(f"more{number}"))
    scene.assign()
    assert questions() == one


def test_each_attempt_has_a_fence_of_its_own(scene: Scene) -> None:
    scene.accepted()
    (first,) = scene.assign()
    note_lost(scene.site, scene.attempt(first), "gone")
    (second,) = scene.assign()
    assert (first.fence, second.fence) == (1, 2)
    assert first.attempt != second.attempt


def test_of_many_threads_that_assign_the_same_job_one_wins(real: Scene) -> None:
    real.accepted()
    handed_out: list[Task] = []
    assert at_once(*[lambda: handed_out.extend(real.assign())] * 5) == []
    assert len(handed_out) == 1
    assert models.Attempt.objects.count() == 1
