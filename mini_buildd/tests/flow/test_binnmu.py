"""Rebuilds (+bN): ordered, built, taken in, published in the place of what was there."""

import gzip
import re

import pytest

from mini_buildd.db import models
from mini_buildd.domain.problem import (
    NotAllowed,
    NothingToDo,
    PackageNotThere,
    RebuildImpossible,
)
from mini_buildd.flow.binnmu import Rebuild, binnmu
from mini_buildd.flow.collect import collect
from mini_buildd.flow.copy import Copying, copy
from mini_buildd.flow.freeze import freeze, thaw
from mini_buildd.flow.migrate import Migration, migrate
from mini_buildd.flow.rollback import rollback
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.shelf import ADMIN, VISITOR
from mini_buildd.tests.flow.threads import at_once
from mini_buildd.wire.task import BuildStatus, Task

FIRST = "1.0-1~test13+1"
SECOND = "1.0-1~test13+2"


@pytest.fixture
def two(bare: Scene) -> Scene:
    """An instance for amd64 and i386."""
    bare.set_up("amd64", "i386")
    return bare


def order(scene: Scene, package: str = "hello", *architectures: str) -> list[models.Job]:
    """An administrator wants it built again."""
    wish = Rebuild(scene.distribution(), [package], "against libfoo2", architectures)
    return binnmu(scene.site, ADMIN, wish)


def rebuilt(scene: Scene, package: str = "hello", *architectures: str) -> None:
    """The same, built and published."""
    order(scene, package, *architectures)
    for task in scene.assign():
        job = scene.report(task)
        assert job.state == "succeeded", job.reason
    scene.publish_all()


def in_index(scene: Scene, architecture: str = "amd64", suite: str = "unstable") -> list[str]:
    """Package and version of all that the published index has."""
    dists = scene.site.tree("test").root / "dists"
    index = dists / f"trixie-test-{suite}/main/binary-{architecture}/Packages.gz"
    text = gzip.decompress(index.read_bytes()).decode()
    found = re.findall(r"^Package: (\S+)\nVersion: (\S+)$", text, re.MULTILINE)
    return sorted(f"{package} {version}" for package, version in found)


def move(scene: Scene, suite: str = "unstable") -> None:
    """Let hello migrate from there."""
    wish = Migration(scene.distribution(suite), ["hello"])
    migrate(scene.site, ADMIN, wish, force=True)
    scene.publish_all()


# --- ordering ---------------------------------------------------------------------------


def test_a_rebuild_is_a_job_for_each_architecture_with_one_number_and_the_reason(
    two: Scene,
) -> None:
    source = two.published(SourcePackage(architecture="any all", options=("build-options=terse",)))
    jobs = order(two)
    assert [(job.architecture, job.binnmu, job.state) for job in jobs] == [
        ("amd64", 1, "waiting"),
        ("i386", 1, "waiting"),
    ]
    for job in jobs:
        assert (job.builds_any, job.builds_all) == (True, False)
        assert (job.options, job.binnmu_reason) == ("terse", "against libfoo2")
    detail = models.Event.objects.filter(kind="job.planned", job=jobs[0]).get().detail
    assert detail == "+b1 by root: against libfoo2"
    source.refresh_from_db()
    assert source.state == "published"


def test_its_task_tells_the_builder_all_it_needs(scene: Scene) -> None:
    scene.published()
    order(scene)
    (task,) = scene.assign()
    assert (task.version, task.binnmu, task.binnmu_reason) == (FIRST, 1, "against libfoo2")
    assert task.maintainer == "example archive <example@archive.invalid>"


def test_it_may_be_for_one_architecture_and_the_next_number_is_free_on_all(two: Scene) -> None:
    two.published()
    rebuilt(two, "hello", "i386")
    assert in_index(two, "i386") == [f"hello {FIRST}+b1"]
    assert in_index(two, "amd64") == [f"hello {FIRST}"]
    assert {job.binnmu for job in order(two)} == {2}


def test_a_failed_rebuild_keeps_its_number_and_leaves_all_as_it_was(scene: Scene) -> None:
    source = scene.published()
    order(scene)
    (task,) = scene.assign()
    scene.report(task, scene.result(task, BuildStatus.FAILED))
    scene.publish_all()
    source.refresh_from_db()
    assert source.state == "published"
    assert in_index(scene) == [f"hello {FIRST}"]
    assert [job.binnmu for job in order(scene)] == [2]


def test_only_administrators_order_rebuilds(scene: Scene) -> None:
    scene.published()
    with pytest.raises(NotAllowed):
        binnmu(scene.site, VISITOR, Rebuild(scene.distribution(), ["hello"], "why not"))


def test_a_rebuild_has_a_reason(scene: Scene) -> None:
    scene.published()
    with pytest.raises(RebuildImpossible, match="a reason"):
        binnmu(scene.site, ADMIN, Rebuild(scene.distribution(), ["hello"], " \n "))


def test_what_is_not_there_cannot_be_built_again(scene: Scene) -> None:
    scene.accepted()
    with pytest.raises(PackageNotThere):
        order(scene)
    scene.report(scene.assign()[0])
    scene.publish_all()
    with pytest.raises(PackageNotThere):
        order(scene, f"hello={SECOND}")


@pytest.mark.parametrize("architectures", [("i386",), ("amd64", "all"), ("../x",)])
def test_an_architecture_that_it_was_not_built_on_is_told(
    two: Scene, architectures: tuple[str, ...]
) -> None:
    two.published(SourcePackage(architecture="any-amd64 all"))
    with pytest.raises(RebuildImpossible, match="built on: amd64"):
        order(two, "hello", *architectures)
    assert not models.Job.objects.filter(binnmu__gt=0).exists()


def test_what_is_for_all_architectures_only_is_not_rebuilt(scene: Scene) -> None:
    scene.published(SourcePackage(architecture="all"))
    with pytest.raises(RebuildImpossible, match="only packages for all"):
        order(scene)


def test_a_second_one_waits_until_the_first_has_ended(two: Scene) -> None:
    two.published()
    order(two, "hello", "i386")
    with pytest.raises(RebuildImpossible, match="under way on i386"):
        order(two)
    assert [job.binnmu for job in order(two, "hello", "amd64")] == [2]


def test_it_is_ordered_where_the_source_was_uploaded(scene: Scene) -> None:
    scene.published()
    move(scene)
    with pytest.raises(RebuildImpossible, match="trixie-test-unstable"):
        binnmu(scene.site, ADMIN, Rebuild(scene.distribution("testing"), ["hello"], "why"))


def test_of_two_who_order_at_once_one_is_first(real: Scene) -> None:
    real.published()
    told = at_once(lambda: order(real), lambda: order(real))
    assert [type(each).__name__ for each in told] == ["RebuildImpossible"]
    assert models.Job.objects.filter(binnmu__gt=0).count() == 1


def test_of_several_packages_all_are_ordered_or_none(scene: Scene) -> None:
    scene.published()
    scene.published(SourcePackage("other"))
    scene.published(SourcePackage("for-all", architecture="all"))
    for names, count in ((["hello", "for-all"], 0), (["other", "hello"], 2)):
        wish = Rebuild(scene.distribution(), names, "against libfoo2")
        if count:
            binnmu(scene.site, ADMIN, wish)
        else:
            with pytest.raises(RebuildImpossible):
                binnmu(scene.site, ADMIN, wish)
        assert models.Job.objects.filter(binnmu=1).count() == count


# --- results ----------------------------------------------------------------------------


@pytest.fixture
def task(scene: Scene) -> Task:
    """A rebuild that somebody has taken up."""
    scene.published(SourcePackage(architecture="any all"))
    order(scene)
    return scene.assign()[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"Version: {FIRST}+b1", f"Version: {FIRST}"),
        (f"Version: {FIRST}+b1", f"Version: {FIRST}+b2"),
        (f"Source: hello ({FIRST})", "Source: hello (0.9)"),
        (f"Source: hello ({FIRST})", "Source: hello"),
        ("Binary-Only: yes\n", ""),
    ],
)
def test_a_changes_of_another_build_is_refused(
    scene: Scene, task: Task, old: str, new: str
) -> None:
    result = scene.build(task)
    path = scene.results(task) / result.changes
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    job = scene.report(task, result)
    assert job.state == "failed"
    assert f"built again as {FIRST}+b1" in job.reason


def test_a_rebuild_where_none_was_asked_for_is_refused(scene: Scene) -> None:
    scene.accepted()
    (plain,) = scene.assign()
    result = scene.build(plain)
    path = scene.results(plain) / result.changes
    path.write_text(f"Binary-Only: yes\n{path.read_text()}")
    assert "binary-only" in scene.report(plain, result).reason


def test_a_plain_build_takes_no_version_of_a_rebuild(scene: Scene) -> None:
    scene.accepted()
    (plain,) = scene.assign()
    files = scene.deb(plain, version=f"{FIRST}+b1", source=f"hello ({FIRST})")
    assert "+b1" in scene.report(plain, scene.build(plain, files)).reason


@pytest.mark.parametrize(
    "differences",
    [
        {"version": FIRST},
        {"version": f"{FIRST}+b2"},
        {"package": "other", "version": "1.0"},
        {"source": "hello"},
        {"source": f"hello ({FIRST}+b1)"},
        {"architecture": "all"},
    ],
)
def test_packages_that_are_not_of_this_rebuild_are_refused(
    scene: Scene, task: Task, differences: dict[str, str]
) -> None:
    job = scene.report(task, scene.build(task, scene.deb(task, **differences)))
    assert job.state == "failed"
    assert not models.Binary.objects.filter(attempt__job=job).exists()


def test_a_package_with_a_version_of_its_own_is_taken_when_it_has_the_number(
    scene: Scene, task: Task
) -> None:
    files = scene.deb(task, package="libhello", version="7.0+b1")
    assert scene.report(task, scene.build(task, files)).state == "succeeded"


# --- in the suite -----------------------------------------------------------------------


def test_it_takes_the_place_of_what_was_there_in_a_version_of_its_own(
    scene: Scene, task: Task
) -> None:
    before = scene.distribution().publications.count()
    scene.report(task)
    scene.publish_all()
    assert in_index(scene) == [f"hello {FIRST}+b1"]
    newest = scene.distribution().publications.first()
    assert newest is not None
    assert (newest.number, newest.reason) == (before + 1, "+b1: against libfoo2")
    pool = scene.site.tree("test").root / "pool/main/h/hello"
    assert {f"hello_{FIRST}_amd64.deb", f"hello_{FIRST}+b1_amd64.deb"} <= {
        path.name for path in pool.iterdir()
    }


def test_what_is_for_all_stays_and_what_is_no_longer_made_goes(scene: Scene) -> None:
    scene.accepted(SourcePackage(architecture="any all"))
    (first,) = scene.assign()
    files = {
        **scene.deb(first),
        **scene.deb(first, package="hello-doc", source="hello", architecture="all"),
        **scene.deb(first, package="libhello1", source="hello"),
    }
    scene.report(first, scene.build(first, files))
    scene.publish_all()
    order(scene)
    (again,) = scene.assign()
    files = {**scene.deb(again), **scene.deb(again, package="libhello2")}
    scene.report(again, scene.build(again, files))
    scene.publish_all()
    assert in_index(scene) == [
        f"hello {FIRST}+b1",
        f"hello-doc {FIRST}",
        f"libhello2 {FIRST}+b1",
    ]


def test_the_suite_goes_back_and_forth_over_it(scene: Scene) -> None:
    scene.published()
    with_first = scene.distribution().publications.count()
    rebuilt(scene)
    rollback(scene.site, ADMIN, scene.distribution(), with_first, reason="it broke")
    scene.publish_all()
    assert in_index(scene) == [f"hello {FIRST}"]
    rollback(scene.site, ADMIN, scene.distribution(), with_first + 1, reason="it did not")
    scene.publish_all()
    assert in_index(scene) == [f"hello {FIRST}+b1"]


def test_migration_takes_the_latest_along_and_only_then(scene: Scene) -> None:
    scene.published()
    move(scene)
    versions = scene.distribution("testing").publications.count()
    rebuilt(scene)
    assert in_index(scene, suite="testing") == [f"hello {FIRST}"]
    assert scene.distribution("testing").publications.count() == versions
    move(scene)
    assert in_index(scene, suite="testing") == [f"hello {FIRST}+b1"]
    assert scene.distribution("testing").publications.count() == versions + 1
    with pytest.raises(NothingToDo):
        move(scene)


def test_nothing_goes_back_behind_a_rebuild(scene: Scene) -> None:
    """After a rollback the suite that leads there has the earlier build."""
    scene.published()
    first = scene.distribution().publications.count()
    rebuilt(scene)
    move(scene)
    rollback(scene.site, ADMIN, scene.distribution(), first, reason="it broke")
    scene.publish_all()
    with pytest.raises(NothingToDo):
        move(scene)
    assert in_index(scene, suite="testing") == [f"hello {FIRST}+b1"]


def test_a_late_optional_build_leaves_rebuilds_in_their_suites(two: Scene) -> None:
    models.DistributionArchitecture.objects.filter(architecture="i386").update(is_optional=True)
    two.accepted()
    tasks = {task.architecture: task for task in two.assign()}
    two.report(tasks["amd64"])
    two.publish_all()
    move(two)
    rebuilt(two, "hello", "amd64")
    two.report(tasks["i386"])
    two.publish_all()
    assert in_index(two, "amd64") == [f"hello {FIRST}+b1"]
    assert in_index(two, "amd64", "testing") == [f"hello {FIRST}"]
    for suite in ("unstable", "testing"):
        assert in_index(two, "i386", suite) == [f"hello {FIRST}"]


def test_a_frozen_suite_gets_it_when_it_is_thawed(scene: Scene) -> None:
    scene.published()
    move(scene)
    for suite in ("unstable", "testing"):
        freeze(scene.site, ADMIN, scene.distribution(suite), "release")
    rebuilt(scene)
    assert in_index(scene) == [f"hello {FIRST}"]
    for suite in ("unstable", "testing"):
        thaw(scene.site, ADMIN, scene.distribution(suite))
    scene.publish_all()
    assert in_index(scene) == [f"hello {FIRST}+b1"]
    assert in_index(scene, suite="testing") == [f"hello {FIRST}"]


def test_the_next_upload_supersedes_it(scene: Scene) -> None:
    scene.published()
    rebuilt(scene)
    scene.published(SourcePackage(version=SECOND))
    assert in_index(scene) == [f"hello {SECOND}"]
    assert [job.binnmu for job in order(scene)] == [1], "the numbers of each version are its own"


def test_a_rebuild_that_ends_after_the_next_upload_changes_nothing(scene: Scene) -> None:
    scene.published()
    order(scene)
    (task,) = scene.assign()
    scene.published(SourcePackage(version=SECOND))
    assert scene.report(task).state == "succeeded"
    scene.publish_all()
    assert in_index(scene) == [f"hello {SECOND}"]


def test_a_suite_that_keeps_versions_has_each_in_its_latest_build(scene: Scene) -> None:
    models.Suite.objects.update(kept_versions=2)
    scene.published()
    scene.published(SourcePackage(version=SECOND))
    rebuilt(scene, f"hello={FIRST}")
    assert in_index(scene) == [f"hello {FIRST}+b1", f"hello {SECOND}"]
    rebuilt(scene)
    assert in_index(scene) == [f"hello {FIRST}+b1", f"hello {SECOND}+b1"]
    rebuilt(scene)
    assert in_index(scene) == [f"hello {FIRST}+b1", f"hello {SECOND}+b2"]


def test_files_of_the_first_build_stay_as_long_as_its_source(scene: Scene) -> None:
    scene.published()
    rebuilt(scene)
    repository = scene.distribution().repository
    assert collect(scene.site, repository) == 0
    scene.published(SourcePackage(version=SECOND))
    models.Publication.objects.exclude(number=scene.distribution().publications.count()).update(
        removed_at=scene.clock()
    )
    assert collect(scene.site, repository) >= 4
    left = {row.name for row in models.PoolFile.objects.filter(removed_at=None)}
    assert not [name for name in left if f"{FIRST}+b1_amd64.deb" in name]


def test_a_copy_has_the_latest_build_too(scene: Scene) -> None:
    scene.published()
    rebuilt(scene)
    target = scene.distribution("experimental")
    wish = Copying(scene.distribution(), ["hello"], target)
    copy(scene.site, ADMIN, wish, force=True)
    scene.publish_all()
    assert in_index(scene, suite="experimental") == [f"hello {FIRST}+b1"]
