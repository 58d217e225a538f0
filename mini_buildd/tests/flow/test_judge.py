"""The verdict: what counts, what holds nobody up, and what comes too late."""

import gzip

import pytest

from mini_buildd.db import models
from mini_buildd.flow.judge import judge
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.threads import at_once
from mini_buildd.wire.task import BuildStatus, Task

SECOND = "1.0-1~test13+2"


@pytest.fixture
def two(bare: Scene) -> Scene:
    """An instance for amd64 and i386, and a failure on i386 does not count."""
    bare.set_up("amd64", "i386")
    models.DistributionArchitecture.objects.filter(architecture="i386").update(is_optional=True)
    return bare


def tasks(scene: Scene) -> dict[str, Task]:
    """All that can be built, by architecture."""
    return {task.architecture: task for task in scene.assign()}


def packages(scene: Scene, architecture: str) -> str:
    """What the published index says."""
    root = scene.site.tree("test").root
    index = root / f"dists/trixie-test-unstable/main/binary-{architecture}/Packages.gz"
    return gzip.decompress(index.read_bytes()).decode()


def test_it_waits_until_all_that_counts_has_ended(scene: Scene) -> None:
    source = scene.accepted()
    assert judge(scene.site, source) == []
    (task,) = scene.assign()
    assert judge(scene.site, source) == []
    scene.report(task)
    assert judge(scene.site, models.Source.objects.get()) == ["source.ready"]
    assert judge(scene.site, source) == [], "somebody else was faster"


def test_a_failure_holds_it(scene: Scene) -> None:
    scene.accepted()
    (task,) = scene.assign()
    scene.report(task, scene.result(task, BuildStatus.FAILED))
    scene.publish_all()
    assert models.Source.objects.get().state == "failed"
    assert not models.SuiteEntry.objects.exists()


def test_an_optional_architecture_holds_nobody_up(two: Scene) -> None:
    source = two.accepted()
    two.report(tasks(two)["amd64"])
    two.publish_all()
    source.refresh_from_db()
    assert source.state == "published"
    assert "hello" in packages(two, "amd64")
    assert packages(two, "i386") == ""


def test_an_optional_build_that_ends_later_joins_in_a_version_of_its_own(two: Scene) -> None:
    two.accepted()
    both = tasks(two)
    two.report(both["amd64"])
    two.publish_all()
    first = two.distribution().publications.filter(published_at__isnull=False).count()
    two.report(both["i386"])
    two.publish_all()
    assert two.distribution().publications.count() == first + 1
    assert "Architecture: i386" in packages(two, "i386")


def test_an_optional_failure_changes_nothing(two: Scene) -> None:
    two.accepted()
    both = tasks(two)
    two.report(both["amd64"])
    two.publish_all()
    two.report(both["i386"], two.result(both["i386"], BuildStatus.FAILED))
    two.publish_all()
    assert models.Source.objects.get().state == "published"
    assert packages(two, "i386") == ""


def test_a_late_older_version_is_superseded(scene: Scene) -> None:
    older = scene.accepted()
    newer = scene.accepted(SourcePackage(version=SECOND))
    first, second = scene.assign()
    scene.report(second)
    scene.publish_all()
    scene.report(first)
    scene.publish_all()
    older.refresh_from_db()
    newer.refresh_from_db()
    assert (older.state, newer.state) == ("superseded", "published")
    assert SECOND in packages(scene, "amd64")


def test_of_two_threads_that_judge_one_gives_the_verdict(real: Scene) -> None:
    source = real.built()

    def work() -> None:
        judge(real.site, models.Source.objects.get(pk=source.pk))

    # Whoever read the row before it was moved is overtaken in silence; later there is no such move.
    assert {type(each).__name__ for each in at_once(work, work, work)} <= {"IllegalMove"}
    assert models.Event.objects.filter(kind="source.ready").count() == 1
