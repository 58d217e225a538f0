"""A frozen suite changes by nobody's hand; what was built meanwhile comes in with the thaw."""

from datetime import timedelta

import msgspec
import pytest

from mini_buildd.db.models import Attempt, DistributionArchitecture, Event, Publication
from mini_buildd.domain.problem import NotAllowed, NothingToDo
from mini_buildd.flow.compare import At, held
from mini_buildd.flow.freeze import freeze, thaw
from mini_buildd.flow.migrate import Migration, migrate
from mini_buildd.flow.rollback import rollback
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.shelf import ADMIN, VISITOR, Shelf
from mini_buildd.tests.flow.threads import at_once
from mini_buildd.wire.task import Task


def test_an_upload_is_built_and_waits_for_the_thaw(scene: Scene) -> None:
    shelf = Shelf(scene)
    freeze(scene.site, ADMIN, scene.distribution(), "release")
    hello = scene.published()
    assert (hello.state, shelf.has()) == ("ready", {})
    thaw(scene.site, ADMIN, scene.distribution())
    scene.publish_all()
    hello.refresh_from_db()
    assert (hello.state, shelf.has()) == ("published", {"hello": ["1.0-1~test13+1"]})
    assert shelf.in_tree() == shelf.has()


def test_one_that_was_frozen_before_it_was_ever_published_is_there_for_apt(scene: Scene) -> None:
    freeze(scene.site, ADMIN, scene.distribution(), "")
    scene.publish_all()
    assert Shelf(scene).in_tree() == {}


@pytest.fixture
def late(bare: Scene) -> tuple[Scene, Task]:
    """Hello is published for amd64, and still being built for i386."""
    bare.set_up("amd64", "i386")
    DistributionArchitecture.objects.filter(architecture="i386").update(is_optional=True)
    bare.accepted()
    tasks = {task.architecture: task for task in bare.assign()}
    bare.report(tasks["amd64"])
    bare.started(tasks["i386"])
    bare.publish_all()
    return bare, tasks["i386"]


def architectures(scene: Scene, suite: str = "unstable") -> list[str]:
    """For which of them the suite has hello."""
    at = At(scene.distribution(suite), Shelf(scene).number(suite))
    return sorted(text.split()[-1] for each in held(at)["hello"] for text in each.binaries)


def test_a_late_build_comes_in_with_the_thaw_to_every_suite_that_has_its_source(
    late: tuple[Scene, Task],
) -> None:
    scene, task = late
    Shelf(scene).check_installability(wanted=False)
    migrate(scene.site, ADMIN, Migration(scene.distribution(), ["hello"]))
    freeze(scene.site, ADMIN, scene.distribution("testing"), "")
    scene.report(task)
    assert architectures(scene) == ["amd64", "i386"]
    assert architectures(scene, "testing") == ["amd64"]
    thaw(scene.site, ADMIN, scene.distribution("testing"))
    assert architectures(scene, "testing") == ["amd64", "i386"]
    made = Publication.objects.filter(distribution__name="trixie-test-testing").latest("number")
    assert (made.kind, made.actor) == ("late_build", "mini-buildd")


def test_it_counts_when_a_build_came_in_and_not_when_its_builder_was_done(
    late: tuple[Scene, Task],
) -> None:
    scene, task = late
    result = scene.build(task)
    done = (scene.clock() - timedelta(hours=1)).isoformat()
    freeze(scene.site, ADMIN, scene.distribution(), "")
    scene.report(task, msgspec.structs.replace(result, finished_at=done))
    thaw(scene.site, ADMIN, scene.distribution())
    assert architectures(scene) == ["amd64", "i386"]


def test_what_a_rollback_took_out_stays_out(late: tuple[Scene, Task]) -> None:
    scene, task = late
    before = Shelf(scene).number()
    scene.report(task)
    scene.publish_all()
    rollback(scene.site, ADMIN, scene.distribution(), before)
    freeze(scene.site, ADMIN, scene.distribution(), "")
    thaw(scene.site, ADMIN, scene.distribution())
    assert architectures(scene) == ["amd64"]


def test_a_retry_that_was_lost_first_comes_in_once(late: tuple[Scene, Task]) -> None:
    scene, task = late
    freeze(scene.site, ADMIN, scene.distribution(), "")
    Attempt.objects.get(token=task.attempt).job.events.create(kind="job.lost", at=scene.clock())
    scene.report(task)
    thaw(scene.site, ADMIN, scene.distribution())
    assert architectures(scene) == ["amd64", "i386"]


def test_who_froze_it_and_why_is_told_and_recorded(scene: Scene) -> None:
    freeze(scene.site, ADMIN, scene.distribution(), "release " * 1000)
    row = scene.distribution()
    assert (row.frozen_by, row.frozen_reason[:8]) == ("root", "release ")
    assert row.frozen_at is not None
    thaw(scene.site, ADMIN, row)
    thawed = scene.distribution()
    assert (thawed.frozen_at, thawed.frozen_by, thawed.frozen_reason) == (None, "", "")
    kinds = Event.objects.filter(distribution=row).values_list("kind", flat=True)
    assert list(kinds) == ["suite.frozen", "suite.thawed"]


def test_twice_is_nothing_to_do_and_who_is_no_administrator_may_not(scene: Scene) -> None:
    distribution = scene.distribution()
    with pytest.raises(NothingToDo):
        thaw(scene.site, ADMIN, distribution)
    with pytest.raises(NotAllowed):
        freeze(scene.site, VISITOR, distribution, "")
    freeze(scene.site, ADMIN, distribution, "first")
    with pytest.raises(NothingToDo):
        freeze(scene.site, ADMIN, distribution, "second")
    with pytest.raises(NotAllowed):
        thaw(scene.site, VISITOR, distribution)
    assert scene.distribution().frozen_reason == "first"


def test_of_two_who_freeze_at_once_one_does(real: Scene) -> None:
    distribution = real.distribution()
    raised = at_once(*(lambda: freeze(real.site, ADMIN, distribution, ""),) * 2)
    assert [type(each) for each in raised] == [NothingToDo]
    raised = at_once(*(lambda: thaw(real.site, ADMIN, distribution),) * 2)
    assert [type(each) for each in raised] == [NothingToDo]
    assert Event.objects.filter(distribution=distribution).count() == 2


def test_killed_while_it_is_frozen_it_is_so_with_its_event_or_not_at_all(real: Scene) -> None:
    distribution, effects, went = real.distribution(), 0, False
    while not went:
        went = runs_to_its_end(
            lambda: freeze(real.site, ADMIN, distribution, "why"), effects=effects
        )
        assert (real.distribution().frozen_at is not None) is went
        assert Event.objects.filter(kind="suite.frozen").exists() is went
        effects += 1
    assert effects > 2, "it had effects"
