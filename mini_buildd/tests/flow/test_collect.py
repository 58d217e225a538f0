"""Garbage collection: what nothing needs goes, and nothing else ever does."""

from datetime import timedelta

import pytest

from mini_buildd.db import models
from mini_buildd.domain.permission import SELF
from mini_buildd.domain.problem import VersionNotKept
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow import publish, snapshot, sweep
from mini_buildd.flow.collect import collect
from mini_buildd.flow.migrate import Migration, migrate
from mini_buildd.flow.remove import remove
from mini_buildd.flow.retain import retain
from mini_buildd.flow.revise import Order, revise
from mini_buildd.flow.rollback import rollback
from mini_buildd.flow.tidy import tidy
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.threads import at_once
from mini_buildd.tests.flow.tree import demand_all_there, pool, root
from mini_buildd.wire.task import BuildStatus

FIRST, SECOND, THIRD = (f"1.0-1~test13+{number}" for number in (1, 2, 3))


def files(version: str) -> list[str]:
    """What only this version of hello has."""
    return sorted(
        [
            f"hello_{version}.debian.tar.xz",
            f"hello_{version}.dsc",
            f"hello_{version}_amd64.buildinfo",
            f"hello_{version}_amd64.deb",
        ]
    )


ORIG = ["hello_1.0.orig.tar.gz"]


def collect_all(scene: Scene) -> int:
    """Retention and collection, as the daemon does them in turn."""
    for distribution in models.Distribution.objects.all():
        retain(scene.site, distribution)
    return collect(scene.site, models.Repository.objects.get())


@pytest.fixture
def short(scene: Scene) -> Scene:
    """Suites that keep nothing beyond what is published, and one day."""
    models.Suite.objects.update(kept_rollbacks=0, kept_days=1)
    return scene


def days(scene: Scene, number: float) -> None:
    """Let so many days pass."""
    scene.clock.now += timedelta(days=number)


def test_what_no_kept_version_has_goes_and_what_is_shared_stays(short: Scene) -> None:
    short.published(SourcePackage(version=FIRST))
    short.published(SourcePackage(version=SECOND, with_orig=False))
    assert collect_all(short) == 0, "the version before ended just now"
    days(short, 2)
    assert collect_all(short) == len(files(FIRST))
    assert pool(short) == sorted([*files(SECOND), *ORIG])
    assert collect_all(short) == 0
    demand_all_there(short, root(short) / "dists/trixie-test-unstable")


def test_the_shared_file_goes_with_the_last_that_has_it_and_its_folder_too(short: Scene) -> None:
    short.published(SourcePackage(version=FIRST))
    short.published(SourcePackage(version=SECOND, with_orig=False))
    days(short, 2)
    collect_all(short)
    remove(short.site, SELF, short.distribution(), ["hello"], force=True)
    short.publish_all()
    days(short, 2)
    changelog = root(short) / f"changelogs/main/h/hello/hello_{SECOND}_changelog"
    changelog.parent.mkdir(parents=True)
    changelog.write_text("hello")
    collect_all(short)
    assert pool(short) == []
    assert not (root(short) / "pool/main").exists()
    assert not (root(short) / "changelogs/main").exists()


def test_what_another_suite_or_a_snapshot_has_stays(short: Scene) -> None:
    short.published(SourcePackage(version=FIRST))
    migrate(short.site, SELF, Migration(short.distribution(), ["hello"]), force=True)
    short.publish_all()
    short.published(SourcePackage(version=SECOND, with_orig=False))
    days(short, 2)
    assert collect_all(short) == 0
    snapshot.take(short.site, SELF, models.Repository.objects.get(), SnapshotName("kept"))
    for suite in ("unstable", "testing"):
        remove(short.site, SELF, short.distribution(suite), ["hello"], force=True)
    short.publish_all()
    days(short, 2)
    assert collect_all(short) == 0
    snapshot.drop(short.site, SELF, models.Repository.objects.get(), "kept")
    assert collect_all(short) == len([*files(FIRST), *files(SECOND), *ORIG])
    assert pool(short) == []


def test_what_is_built_waits_or_may_be_retried_stays(short: Scene) -> None:
    short.accepted(SourcePackage("waits"))
    short.built(SourcePackage("ready"))
    sweep.judge_all(short.site)
    short.accepted(SourcePackage("fails"))
    (task,) = [each for each in short.assign() if each.source == "fails"]
    short.report(task, short.result(task, BuildStatus.FAILED, reason="it does not compile"))
    sweep.judge_all(short.site)
    days(short, 29)
    assert collect_all(short) == 0
    days(short, 2)
    assert collect_all(short) == 3
    assert not [name for name in pool(short) if name.startswith("fails")]
    assert [name for name in pool(short) if name.endswith(".dsc")] == [
        "ready_1.0-1~test13+1.dsc",
        "waits_1.0-1~test13+1.dsc",
    ]


def test_a_superseded_one_goes_when_a_version_of_its_suite_would(short: Scene) -> None:
    first = short.built(SourcePackage(version=FIRST))
    short.built(SourcePackage(version=SECOND, with_orig=False))
    later = models.Source.objects.get(version=SECOND)
    sweep.judge_all(short.site)
    publish.decide(short.site, models.Source.objects.get(pk=later.pk))
    short.publish_all()
    first.refresh_from_db()
    assert first.state == "superseded"
    assert collect_all(short) == 0
    days(short, 2)
    assert collect_all(short) == len(files(FIRST))


def test_what_a_frozen_suite_will_get_when_it_is_thawed_stays(short: Scene) -> None:
    """A late build has no entry in a frozen suite, but its source package has."""
    source = short.published()
    source.binaries.all().first()
    models.SuiteEntry.objects.exclude(binary=None).delete()
    days(short, 2)
    assert collect_all(short) == 0


def test_files_that_no_row_needs_any_more_go(short: Scene) -> None:
    """As when somebody has deleted a source package at the administrator's pages."""
    source = short.published()
    models.SuiteEntry.objects.all().delete()
    source.delete()
    collect_all(short)
    assert pool(short) == []


def test_what_is_gone_can_be_put_into_no_suite(short: Scene) -> None:
    source = short.published(SourcePackage(version=FIRST))
    short.published(SourcePackage(version=SECOND, with_orig=False))
    days(short, 2)
    collect_all(short)
    revision = revise(short.site, short.distribution("testing"), Order(SELF, Cause.COPY))
    with pytest.raises(VersionNotKept, match=r"files are in the pool.*Upload it again"):
        revision.add(source)


def test_a_file_comes_back_under_its_name_with_other_content(short: Scene) -> None:
    """Nothing has the old one, so the archive cannot say that the new one is another."""
    old = short.published(SourcePackage(version=FIRST))
    remove(short.site, SELF, short.distribution(), ["hello"], force=True)
    short.publish_all()
    days(short, 2)
    collect_all(short)
    assert pool(short) == []
    models.AptSource.objects.all().delete()  # nor can it be looked for elsewhere
    absent = short.take_in(SourcePackage(version=SECOND, with_orig=False))
    assert absent.problem_code == "source-incomplete"
    new = short.published(SourcePackage(version=THIRD, orig=b"other"))
    assert pool(short) == sorted([*files(THIRD), *ORIG])
    demand_all_there(short, root(short) / "dists/trixie-test-unstable")
    assert collect_all(short) == 0
    revision = revise(short.site, short.distribution("testing"), Order(SELF, Cause.COPY))
    revision.add(new)
    with pytest.raises(VersionNotKept):
        revision.add(old)


def test_with_another_epoch_the_same_names_can_be_used_again(short: Scene) -> None:
    short.published(SourcePackage(version=FIRST))
    remove(short.site, SELF, short.distribution(), ["hello"], force=True)
    short.publish_all()
    days(short, 2)
    collect_all(short)
    short.published(SourcePackage(version=f"1:{FIRST}"))
    assert pool(short) == sorted([*files(FIRST), *ORIG])
    assert demand_all_there(short, root(short) / "dists/trixie-test-unstable") == 4


def test_killed_between_any_two_effects_the_next_run_completes_it(real: Scene) -> None:
    models.Suite.objects.update(kept_rollbacks=0, kept_days=1)
    number = effects = 0
    real.published(SourcePackage(version="1.0-1~test13+1"))
    while True:
        number += 1
        real.published(SourcePackage(version=f"1.0-1~test13+{number + 1}", with_orig=False))
        days(real, 2)
        retain(real.site, real.distribution())
        repository = models.Repository.objects.get()
        came_to_its_end = runs_to_its_end(
            lambda: collect(real.site, repository),  # noqa: B023  # it runs at once
            effects=effects,
        )
        demand_all_there(real, root(real) / "dists/trixie-test-unstable")
        collect(real.site, repository)
        assert pool(real) == sorted([*files(f"1.0-1~test13+{number + 1}"), *ORIG]), effects
        if came_to_its_end:
            break
        effects += 2
    assert effects > 4, "it had effects"


def test_beside_the_acceptance_of_what_shares_a_file_no_file_is_lost(real: Scene) -> None:
    models.Suite.objects.update(kept_rollbacks=0, kept_days=1)
    repository = models.Repository.objects.get()
    for number in range(1, 9, 2):
        real.published(SourcePackage(version=f"1.0-1~test13+{number}"))
        remove(real.site, SELF, real.distribution(), ["hello"], force=True)
        real.publish_all()
        days(real, 2)
        retain(real.site, real.distribution())
        real.upload(SourcePackage(version=f"1.0-1~test13+{number + 1}"))

        def accept() -> None:
            sweep.take_in(real.site, lambda _: False)

        assert at_once(accept, lambda: collect(real.site, repository)) == []
        (source,) = models.Source.objects.filter(state="building")
        for file in source.files.select_related("file"):
            assert file.file.removed_at is None
            assert (root(real) / file.file.path).stat().st_size == file.file.size_bytes
        for task in real.assign():
            real.report(task)
        real.publish_all()
        demand_all_there(real, root(real) / "dists/trixie-test-unstable")


def test_the_hourly_work_does_all_of_it_and_one_suites_fault_stops_no_other(
    short: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    short.published(SourcePackage(version=FIRST))
    short.published(SourcePackage(version=SECOND, with_orig=False))
    days(short, 2)
    blobs = root(short) / "suites/trixie-test-experimental/by-hash/SHA256"
    blobs.rename(blobs.with_name("away"))
    assert "snapshot.taken" in tidy(short.site)
    assert pool(short) == sorted([*files(SECOND), *ORIG])
    assert "retention failed for trixie-test-experimental" in caplog.text


def test_going_back_to_a_kept_version_finds_its_files(short: Scene) -> None:
    models.Suite.objects.filter(name="unstable").update(kept_rollbacks=1)
    short.published(SourcePackage(version=FIRST))
    short.published(SourcePackage(version=SECOND, with_orig=False))
    days(short, 5)
    collect_all(short)
    number = models.Publication.objects.filter(distribution=short.distribution()).count()
    rollback(short.site, SELF, short.distribution(), number - 1)
    days(short, 5)
    collect_all(short)
    short.publish_all()
    collect_all(short)
    assert demand_all_there(short, root(short) / "dists/trixie-test-unstable") == 4
