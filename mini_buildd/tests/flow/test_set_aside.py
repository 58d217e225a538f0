"""Builders that fail for their own reasons, and people who set them aside."""

from datetime import timedelta
from functools import partial

import pytest

from mini_buildd.db import models
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import BuilderUnknown, NotAllowed, NothingToDo
from mini_buildd.flow.report import note_lost
from mini_buildd.flow.set_aside import set_aside, slots_given, take_back
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import BUILDER, Scene
from mini_buildd.tests.flow.shelf import ADMIN
from mini_buildd.tests.flow.threads import at_once
from mini_buildd.wire.task import BuildStatus


def lose(scene: Scene, *names: str) -> None:
    """Builds of other packages are lost, each once."""
    for name in names:
        scene.accepted(SourcePackage(name))
        (task,) = [each for each in scene.assign() if each.source == name]
        note_lost(scene.site, scene.started(task), "no disk", stage="check-space")
        # Time passes here with every look at the clock; none of them is due before the next one.
        due = models.Job.objects.filter(not_before_at__isnull=False)
        due.update(not_before_at=scene.clock() + timedelta(minutes=5))


def builder() -> models.Builder:
    return models.Builder.objects.get(name=BUILDER)


def events() -> list[str]:
    rows = models.Event.objects.filter(kind__startswith="builder.").order_by("id")
    return [f"{event.kind}: {event.detail}" for event in rows]


def slots(scene: Scene) -> int:
    return slots_given(scene.site, BUILDER, 4)


def test_a_builder_that_loses_three_jobs_in_a_row_is_set_aside_for_a_while(scene: Scene) -> None:
    lose(scene, "one", "two")
    assert slots(scene) == 4
    lose(scene, "three")
    assert events() == [f"builder.set_aside: {BUILDER} 3 in a row: no disk"]
    assert builder().set_aside_reason == "3 in a row: no disk"
    assert slots(scene) == 0
    scene.clock.now += timedelta(minutes=11)
    assert slots(scene) == 1


def test_on_trial_it_has_one_job_and_a_good_one_brings_it_back(scene: Scene) -> None:
    lose(scene, "one", "two", "three")
    scene.clock.now += timedelta(minutes=11)
    (task, *_) = scene.assign(slots(scene))
    assert slots(scene) == 0
    scene.report(task)
    assert events()[-1] == f"builder.returned: {BUILDER} it has built again"
    assert (builder().faults, builder().set_aside_at) == (0, None)
    assert slots(scene) == 4


def test_another_fault_on_trial_sets_it_aside_for_longer(scene: Scene) -> None:
    lose(scene, "one", "two", "three")
    scene.clock.now += timedelta(minutes=11)
    (task,) = scene.assign(1)
    note_lost(scene.site, scene.started(task), "no disk", stage="check-space")
    assert len(events()) == 2
    scene.clock.now += timedelta(minutes=11)
    assert slots(scene) == 0
    scene.clock.now += timedelta(minutes=10)
    assert slots(scene) == 1


def test_one_job_that_is_lost_again_and_again_is_the_jobs_fault(scene: Scene) -> None:
    scene.accepted()
    for _ in range(5):
        models.Job.objects.update(not_before_at=None)
        (task,) = scene.assign()
        note_lost(scene.site, scene.started(task), "no disk", stage="check-space")
    assert builder().faults == 1
    assert events() == []


@pytest.mark.parametrize(
    "status", [BuildStatus.SUCCEEDED, BuildStatus.FAILED, BuildStatus.DEP_WAIT]
)
def test_a_package_that_was_built_or_failed_shows_that_the_builder_is_well(
    scene: Scene, status: BuildStatus
) -> None:
    lose(scene, "one", "two")
    scene.accepted(SourcePackage("good"))
    (task,) = [each for each in scene.assign() if each.source == "good"]
    good = status is BuildStatus.SUCCEEDED
    scene.report(task, scene.build(task) if good else scene.result(task, status))
    assert builder().faults == 0
    lose(scene, "three", "four")
    assert events() == []


def test_an_administrator_sets_one_aside_until_somebody_takes_it_back(scene: Scene) -> None:
    scene.accepted()
    (task,) = scene.assign()
    models.Builder.objects.get_or_create(name=BUILDER)
    assert set_aside(scene.site, ADMIN, BUILDER, "new disk") == ["builder.set_aside"]
    scene.clock.now += timedelta(days=100)
    assert slots(scene) == 0
    scene.report(task)
    assert slots(scene) == 0, "what it built meanwhile says nothing"
    with pytest.raises(NothingToDo):
        set_aside(scene.site, ADMIN, BUILDER, "")
    assert take_back(scene.site, ADMIN, BUILDER) == ["builder.returned"]
    assert slots(scene) == 4
    with pytest.raises(NothingToDo):
        take_back(scene.site, ADMIN, BUILDER)
    assert events() == [
        f"builder.set_aside: {BUILDER} by root: new disk",
        f"builder.returned: {BUILDER} by root",
    ]


def test_it_may_be_taken_back_before_its_time(scene: Scene) -> None:
    lose(scene, "one", "two", "three")
    take_back(scene.site, ADMIN, BUILDER)
    assert (slots(scene), builder().faults) == (4, 0)


def test_only_administrators_may(scene: Scene) -> None:
    models.Builder.objects.get_or_create(name=BUILDER)
    for actor in (Actor(""), Actor("pat")):
        with pytest.raises(NotAllowed):
            set_aside(scene.site, actor, BUILDER, "")
        with pytest.raises(NotAllowed):
            take_back(scene.site, actor, BUILDER)
    assert events() == []


def test_one_that_is_not_there_is_told(scene: Scene) -> None:
    with pytest.raises(BuilderUnknown, match="nobody"):
        set_aside(scene.site, ADMIN, "nobody", "")
    with pytest.raises(BuilderUnknown, match="nobody"):
        take_back(scene.site, ADMIN, "nobody")


def test_of_two_who_set_it_aside_at_once_one_does(real: Scene) -> None:
    models.Builder.objects.get_or_create(name=BUILDER)
    raised = at_once(*[partial(set_aside, real.site, ADMIN, BUILDER, "")] * 3)
    assert [type(error) for error in raised] == [NothingToDo] * 2
    assert len(events()) == 1
