"""Trying again: what failed or was cancelled waits anew, by those who may."""

from functools import partial

import pytest

from mini_buildd.db import models
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import (
    BuildUnknown,
    NotAllowed,
    NothingToDo,
    RetryImpossible,
)
from mini_buildd.domain.states import JobState, SourceState
from mini_buildd.flow import sweep
from mini_buildd.flow.cancel import cancel
from mini_buildd.flow.report import note_lost
from mini_buildd.flow.retry import retry, retry_upload
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.shelf import ADMIN
from mini_buildd.tests.flow.threads import at_once
from mini_buildd.wire.task import BuildStatus

PAT = Actor("pat")


@pytest.fixture
def job(scene: Scene) -> models.Job:
    """One whose package failed, and whose source is held for that."""
    scene.publish_all()
    scene.accepted()
    (task,) = scene.assign()
    job = scene.report(task, scene.result(task, BuildStatus.FAILED, reason="no"))
    sweep.judge_all(scene.site)
    assert models.Source.objects.get().state == "failed"
    return job


def test_what_failed_is_built_again_and_published(scene: Scene, job: models.Job) -> None:
    assert retry(scene.site, PAT, job.pk, "the mirror is back") == ["job.retried"]
    job.refresh_from_db()
    assert (job.state, job.reason, job.source.state) == ("waiting", "", "building")
    event = models.Event.objects.get(kind="job.retried")
    assert event.detail == "retried by pat: the mirror is back"
    (task,) = scene.assign()
    assert task.fence == 2
    assert scene.report(task).state == "succeeded"
    scene.publish_all()
    assert models.Source.objects.get().state == "published"


def test_what_was_cancelled_is_built_after_all(scene: Scene) -> None:
    job = scene.accepted().jobs.get()
    cancel(scene.site, PAT, job.pk)
    retry(scene.site, ADMIN, job.pk)
    assert [task.source for task in scene.assign()] == ["hello"]


def test_a_retry_has_all_its_chances_again(scene: Scene) -> None:
    job = scene.accepted().jobs.get()
    for _ in range(3):
        models.Job.objects.update(not_before_at=None)
        (task,) = scene.assign()
        note_lost(scene.site, scene.started(task), "gone")
    job.refresh_from_db()
    assert job.state == "failed"
    retry(scene.site, PAT, job.pk)
    (task,) = scene.assign()
    note_lost(scene.site, scene.started(task), "gone")
    job.refresh_from_db()
    assert job.state == "waiting"
    assert len(scene.assign()) == 1, "it may be tried at once"


def test_an_optional_build_of_a_published_source_enters_its_suite_late(bare: Scene) -> None:
    bare.set_up("amd64", "i386")
    models.DistributionArchitecture.objects.filter(architecture="i386").update(is_optional=True)
    bare.publish_all()
    source = bare.accepted()
    for task in bare.assign():
        is_optional = task.architecture == "i386"
        bare.report(task, bare.result(task, BuildStatus.FAILED) if is_optional else None)
    bare.publish_all()
    source.refresh_from_db()
    assert source.state == "published"
    retry(bare.site, PAT, source.jobs.get(architecture="i386").pk)
    (task,) = bare.assign()
    bare.report(task)
    bare.publish_all()
    source.refresh_from_db()
    assert source.state == "published"
    entries = models.SuiteEntry.objects.filter(removed_in=None, distribution=source.distribution)
    assert entries.filter(binary__architecture="i386").exists()


@pytest.mark.parametrize("state", sorted(set(JobState) - {JobState.FAILED, JobState.CANCELLED}))
def test_what_has_not_failed_is_not_tried_again(
    scene: Scene, job: models.Job, state: JobState
) -> None:
    models.Job.objects.update(state=state)
    with pytest.raises(RetryImpossible, match=state):
        retry(scene.site, PAT, job.pk)


def test_what_a_newer_version_has_superseded_is_not_tried_again(
    scene: Scene, job: models.Job
) -> None:
    models.Source.objects.update(state=SourceState.SUPERSEDED)
    with pytest.raises(RetryImpossible, match="a newer version has superseded it"):
        retry(scene.site, PAT, job.pk)
    models.Source.objects.update(state=SourceState.FAILED)
    models.Suite.objects.update(supersedes_builds=True)
    scene.accepted(SourcePackage(version="1.1-1~test13+1"))
    with pytest.raises(RetryImpossible, match=r"hello 1\.1-1~test13\+1 has superseded"):
        retry(scene.site, PAT, job.pk)


def test_what_has_lost_its_files_is_not_tried_again(scene: Scene, job: models.Job) -> None:
    models.PoolFile.objects.filter(name__endswith=".dsc").update(removed_at=scene.clock())
    with pytest.raises(RetryImpossible, match="failed too long ago"):
        retry(scene.site, PAT, job.pk)


@pytest.mark.parametrize("actor", [Actor(""), Actor("mallory")])
def test_only_its_uploader_and_administrators_may(
    scene: Scene, job: models.Job, actor: Actor
) -> None:
    with pytest.raises(NotAllowed):
        retry(scene.site, actor, job.pk)
    job.refresh_from_db()
    assert job.state == "failed"


def test_what_is_not_there_is_told(scene: Scene) -> None:
    with pytest.raises(BuildUnknown):
        retry(scene.site, ADMIN, 99)


def test_all_that_has_not_succeeded_of_an_upload_is_tried_again(bare: Scene) -> None:
    bare.set_up("amd64", "i386")
    source = bare.accepted()
    upload = source.upload_id
    assert upload is not None
    first, second = bare.assign()
    bare.report(first)
    with pytest.raises(NothingToDo):
        retry_upload(bare.site, PAT, upload)
    bare.report(second, bare.result(second, BuildStatus.FAILED))
    sweep.judge_all(bare.site)
    with pytest.raises(NotAllowed):
        retry_upload(bare.site, Actor("mallory"), upload)
    assert retry_upload(bare.site, PAT, upload) == ["job.retried"]
    states = source.jobs.order_by("id").values_list("state", flat=True)
    assert list(states) == ["succeeded", "waiting"]
    source.refresh_from_db()
    assert source.state == "building"


def test_two_failed_builds_of_a_source_are_tried_again_together(bare: Scene) -> None:
    bare.set_up("amd64", "i386")
    source = bare.accepted()
    for task in bare.assign():
        bare.report(task, bare.result(task, BuildStatus.FAILED))
    sweep.judge_all(bare.site)
    assert source.upload_id is not None
    assert len(retry_upload(bare.site, ADMIN, source.upload_id)) == 2
    assert sweep.judge_all(bare.site) == []


def test_of_many_who_retry_at_once_one_does(real: Scene) -> None:
    job = real.accepted().jobs.get()
    cancel(real.site, PAT, job.pk)
    raised = at_once(*[partial(retry, real.site, PAT, job.pk)] * 4)
    assert [type(error) for error in raised] == [RetryImpossible] * 3
    assert models.Event.objects.filter(kind="job.retried").count() == 1
