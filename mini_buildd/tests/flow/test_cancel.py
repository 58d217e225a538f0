"""Cancelling: in every state, once, by those who may, and never half."""

from functools import partial

import pytest

from mini_buildd.db import models
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import (
    BuildEnded,
    BuildUnknown,
    NotAllowed,
    NothingToDo,
    Problem,
)
from mini_buildd.domain.states import JOB_OPEN, JobState
from mini_buildd.flow import sweep
from mini_buildd.flow.cancel import cancel, cancel_upload
from mini_buildd.flow.report import note_lost, report
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.shelf import ADMIN
from mini_buildd.tests.flow.threads import at_once
from mini_buildd.wire.task import BuildStatus

PAT = Actor("pat")


@pytest.fixture
def job(scene: Scene) -> models.Job:
    """One that waits."""
    return scene.accepted().jobs.get()


def told() -> list[str]:
    """Of which cancels the events tell."""
    rows = models.Event.objects.filter(kind="job.cancelled").order_by("id")
    return list(rows.values_list("detail", flat=True))


@pytest.mark.parametrize("state", sorted(JOB_OPEN - {JobState.ASSIGNED, JobState.RUNNING}))
def test_what_waits_is_cancelled_at_once(scene: Scene, job: models.Job, state: JobState) -> None:
    models.Job.objects.update(state=state)
    assert cancel(scene.site, PAT, job.pk, "wrong version") == ["job.cancelled"]
    job.refresh_from_db()
    assert (job.state, job.reason) == ("cancelled", "cancelled by pat: wrong version")
    assert told() == ["cancelled by pat: wrong version"]
    assert scene.assign() == ()
    sweep.judge_all(scene.site)
    assert models.Source.objects.get().state == "failed"


@pytest.mark.parametrize("is_started", [False, True])
@pytest.mark.parametrize("status", BuildStatus)
def test_what_runs_is_cancelled_whatever_its_builder_says_then(
    scene: Scene, job: models.Job, status: BuildStatus, *, is_started: bool
) -> None:
    (task,) = scene.assign()
    if is_started:
        scene.started(task)
    assert cancel(scene.site, ADMIN, job.pk) == []
    assert told() == []
    attempt = scene.attempt(task)
    result = scene.build(task) if status is BuildStatus.SUCCEEDED else scene.result(task, status)
    assert report(scene.site, attempt, result, scene.results(task)) == ["job.cancelled"]
    job.refresh_from_db()
    assert (job.state, job.reason) == ("cancelled", "cancelled by root")
    assert scene.attempt(task).outcome == "cancelled"
    assert not models.Binary.objects.exists()
    assert not models.Builder.objects.filter(faults__gt=0).exists()
    assert told() == ["cancelled by root"]


def test_one_whose_builder_vanishes_after_that_is_cancelled_too(
    scene: Scene, job: models.Job
) -> None:
    (task,) = scene.assign()
    cancel(scene.site, PAT, job.pk)
    assert note_lost(scene.site, scene.attempt(task), "gone") == ["job.cancelled"]
    assert scene.assign() == ()


def test_a_success_that_came_first_stays_one_and_the_cancel_says_so(
    scene: Scene, job: models.Job
) -> None:
    (task,) = scene.assign()
    scene.report(task)
    with pytest.raises(BuildEnded, match="succeeded"):
        cancel(scene.site, PAT, job.pk)
    assert told() == []


@pytest.mark.parametrize("state", sorted(set(JobState) - JOB_OPEN))
def test_what_has_ended_is_not_cancelled(scene: Scene, job: models.Job, state: JobState) -> None:
    models.Job.objects.update(state=state)
    with pytest.raises(BuildEnded, match=state):
        cancel(scene.site, PAT, job.pk)


def test_twice_is_too_much(scene: Scene, job: models.Job) -> None:
    scene.assign()
    cancel(scene.site, PAT, job.pk, "once")
    with pytest.raises(BuildEnded, match="ending it already"):
        cancel(scene.site, PAT, job.pk, "twice")
    assert models.Attempt.objects.get().cancel_reason == "cancelled by pat: once"


@pytest.mark.parametrize("actor", [Actor(""), Actor("mallory"), Actor("Pat")])
def test_only_its_uploader_and_administrators_may(
    scene: Scene, job: models.Job, actor: Actor
) -> None:
    with pytest.raises(NotAllowed, match="its uploader or an owner of repository test"):
        cancel(scene.site, actor, job.pk)
    job.refresh_from_db()
    assert job.state == "waiting"


def test_nobody_owns_what_nobody_is_known_to_have_uploaded(scene: Scene, job: models.Job) -> None:
    models.Upload.objects.update(signed_by=None)
    with pytest.raises(NotAllowed):
        cancel(scene.site, Actor(""), job.pk)


def test_what_is_not_there_is_told(scene: Scene) -> None:
    with pytest.raises(BuildUnknown, match="99"):
        cancel(scene.site, ADMIN, 99)


def test_a_long_reason_is_cut(scene: Scene, job: models.Job) -> None:
    scene.assign()
    cancel(scene.site, PAT, job.pk, "why " * 1000)
    assert len(models.Attempt.objects.get().cancel_reason) == 300


def test_all_open_builds_of_an_upload_are_cancelled_together(bare: Scene) -> None:
    bare.set_up("amd64", "i386")
    source = bare.accepted()
    (task,) = bare.assign(1)
    bare.started(task)
    upload = source.upload_id
    assert upload is not None
    with pytest.raises(NotAllowed):
        cancel_upload(bare.site, Actor("mallory"), upload)
    assert cancel_upload(bare.site, PAT, upload, "no") == ["job.cancelled"]
    assert bare.attempt(task).cancel_reason == "cancelled by pat: no"
    with pytest.raises(NothingToDo):
        cancel_upload(bare.site, PAT, upload)
    bare.accepted(SourcePackage("other"))
    assert models.Job.objects.filter(source__name="other", state="waiting").count() == 2
    with pytest.raises(NotAllowed):
        cancel_upload(bare.site, PAT, 99)


def test_of_a_result_and_a_cancel_at_once_one_counts(real: Scene) -> None:
    for number in range(6):
        source = real.accepted(SourcePackage(f"hello{number}"))
        (task,) = real.assign()
        attempt, result = real.started(task), real.build(task)
        raised = at_once(
            partial(report, real.site, attempt, result, real.results(task)),
            partial(cancel, real.site, PAT, attempt.job_id),
        )
        job = source.jobs.get()
        assert job.state in ("succeeded", "cancelled")
        assert all(isinstance(error, Problem) for error in raised), raised
        assert bool(raised) == (job.state == "succeeded")
        assert models.Binary.objects.filter(attempt=attempt).exists() == bool(raised)


def test_of_many_who_cancel_at_once_one_does(real: Scene) -> None:
    job = real.accepted().jobs.get()
    raised = at_once(*[partial(cancel, real.site, PAT, job.pk)] * 4)
    assert [type(error) for error in raised] == [BuildEnded] * 3
    assert told() == ["cancelled by pat"]
