"""A newer upload ends the builds of older ones, where the suite says so."""

from functools import partial

import pytest

from mini_buildd.db import models
from mini_buildd.flow import sweep
from mini_buildd.flow.report import report
from mini_buildd.flow.supersede import overtaken_sources, supersede
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.threads import at_once

OLD, NEW = "1.0-1~test13+1", "1.1-1~test13+1"


@pytest.fixture
def scene(bare: Scene) -> Scene:
    """An instance whose suites want that."""
    bare.set_up("amd64", "i386")
    models.Suite.objects.update(supersedes_builds=True)
    return bare


def states(version: str = OLD) -> tuple[str, list[str]]:
    """Those of a source and its jobs."""
    source = models.Source.objects.get(version=version, name="hello")
    return source.state, list(source.jobs.order_by("id").values_list("state", flat=True))


def newer(scene: Scene) -> None:
    """The next upload."""
    scene.accepted(SourcePackage(version=NEW))


def test_what_waits_is_cancelled_and_names_the_newer_version(scene: Scene) -> None:
    old = scene.accepted()
    newer(scene)
    assert states() == ("superseded", ["cancelled", "cancelled"])
    assert states(NEW) == ("building", ["waiting", "waiting"])
    assert {job.reason for job in old.jobs.all()} == {f"superseded by hello {NEW}"}
    assert models.Event.objects.get(kind="source.superseded").detail == f"superseded by hello {NEW}"
    assert {task.version for task in scene.assign()} == {NEW}
    assert sweep.judge_all(scene.site) == []


def test_what_runs_is_cancelled_by_its_builder_and_a_late_success_does_not_count(
    scene: Scene,
) -> None:
    scene.accepted()
    (running, _) = scene.assign()
    newer(scene)
    attempt = scene.attempt(running)
    assert attempt.cancel_reason == f"superseded by hello {NEW}"
    report(scene.site, attempt, scene.build(running), scene.results(running))
    assert states()[1][0] == "cancelled"
    assert not models.Binary.objects.exists()


def test_what_has_ended_stays_as_it_is(scene: Scene) -> None:
    scene.accepted()
    first, _ = scene.assign()
    scene.report(first)
    newer(scene)
    assert states()[0] == "superseded"
    assert states()[1][0] == "succeeded"
    scene.publish_all()
    assert not models.Source.objects.filter(state="published").exists()


@pytest.mark.parametrize(
    "other",
    [
        SourcePackage("other", NEW),
        SourcePackage(version="1.1-1~test13+0", distribution="trixie-test-snapshot"),
    ],
)
def test_another_source_or_suite_is_left_alone(scene: Scene, other: SourcePackage) -> None:
    scene.accepted()
    scene.accepted(other)
    assert states() == ("building", ["waiting", "waiting"])


def test_a_suite_that_does_not_want_it_builds_both(scene: Scene) -> None:
    models.Suite.objects.update(supersedes_builds=False)
    scene.accepted()
    newer(scene)
    assert states() == ("building", ["waiting", "waiting"])


def test_a_newer_one_that_failed_supersedes_nothing(scene: Scene) -> None:
    models.Suite.objects.update(supersedes_builds=False)
    scene.accepted()
    newer(scene)
    models.Source.objects.filter(version=NEW).update(state="failed")
    models.Suite.objects.update(supersedes_builds=True)
    assert overtaken_sources() == []


def test_of_three_the_newest_is_left(scene: Scene) -> None:
    models.Suite.objects.update(supersedes_builds=False)
    scene.accepted()
    newer(scene)
    scene.accepted(SourcePackage(version="1.2-1~test13+1"))
    models.Suite.objects.update(supersedes_builds=True)
    sweep.take_in(scene.site, lambda _: False)
    assert models.Source.objects.get(state="building").version == "1.2-1~test13+1"
    reasons = models.Job.objects.filter(state="cancelled").values_list("reason", flat=True)
    assert set(reasons) == {"superseded by hello 1.2-1~test13+1"}


def test_done_again_it_changes_nothing(scene: Scene) -> None:
    old = scene.accepted()
    scene.assign()
    newer(scene)
    before = models.Event.objects.count()
    sweep.take_in(scene.site, lambda _: False)
    assert supersede(scene.site, old) == []
    assert models.Event.objects.count() == before
    assert states()[0] == "superseded"


def test_two_who_do_it_at_once_do_it_once(real: Scene) -> None:
    old = real.accepted()
    newer(real)
    models.Suite.objects.update(supersedes_builds=True)
    (found,) = overtaken_sources()
    assert found == old
    assert at_once(*[partial(supersede, real.site, found)] * 3) == []
    assert models.Event.objects.filter(kind="job.cancelled").count() == 1
    assert models.Event.objects.filter(kind="source.superseded").count() == 1
