"""Publishing: once, whatever happens in between, and the tree says what the rows say."""

import gzip
import os
import shutil
import subprocess

import pytest

from mini_buildd.db import models
from mini_buildd.deb.version import Version
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.flow import publish, sweep
from mini_buildd.flow.compare import At, held
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.threads import at_once


def in_tree(scene: Scene, suite: str = "unstable") -> list[str]:
    """The sources that the published index names, with their versions."""
    index = scene.site.tree("test").root / f"dists/trixie-test-{suite}/main/source/Sources.gz"
    lines = gzip.decompress(index.read_bytes()).decode().splitlines()
    names = [line.partition(": ")[2] for line in lines if line.startswith("Package: ")]
    versions = [line.partition(": ")[2] for line in lines if line.startswith("Version: ")]
    return sorted(f"{name} {version}" for name, version in zip(names, versions, strict=True))


def in_rows(suite: str = "unstable") -> list[str]:
    """The same by the rows."""
    entries = models.SuiteEntry.objects.filter(
        distribution__name=f"trixie-test-{suite}", removed_in=None, binary=None
    )
    return sorted(str(entry.source) for entry in entries.select_related("source"))


def number_in_tree(scene: Scene) -> int | None:
    """Which version of unstable the pointer leads to."""
    return scene.site.tree("test").published(DistributionName.parse("trixie-test-unstable"))


def demand_sound(scene: Scene) -> None:
    """Whatever happened: rows and tree agree, and each publication happened once."""
    assert in_tree(scene) == in_rows()
    publications = scene.distribution().publications
    assert not publications.filter(published_at=None).exists()
    assert number_in_tree(scene) == publications.first().number  # type: ignore[union-attr]  # it exists
    events = models.Event.objects.filter(
        kind="suite.published", distribution__name="trixie-test-unstable"
    )
    assert events.count() == publications.count()
    numbers = publications.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, len(numbers) + 1))
    left = scene.site.tree("test").suite(DistributionName.parse("trixie-test-unstable"))
    assert not [
        path for path in left.iterdir() if path.name.startswith(".") and path.suffix != ".tmp"
    ]


def test_a_new_distribution_is_published_empty_and_once(scene: Scene) -> None:
    sweep.publish_all(scene.site)
    sweep.publish_all(scene.site)
    assert in_tree(scene) == []
    assert models.Publication.objects.count() == models.Distribution.objects.count()


def test_two_sources_that_are_ready_at_once_are_both_in(scene: Scene) -> None:
    scene.built()
    scene.built(SourcePackage("other"))
    scene.publish_all()
    assert in_tree(scene) == ["hello 1.0-1~test13+1", "other 1.0-1~test13+1"]
    demand_sound(scene)


def test_of_two_versions_that_are_ready_at_once_the_later_one_stays(scene: Scene) -> None:
    first = scene.built()
    second = scene.built(SourcePackage(version="1.0-1~test13+2"))
    scene.publish_all()
    assert in_tree(scene) == ["hello 1.0-1~test13+2"]
    assert {str(each.pk): each.state for each in models.Source.objects.all()} == {
        str(first.pk): "published",
        str(second.pk): "published",
    }
    demand_sound(scene)


def test_every_version_of_a_suite_can_be_told_from_the_rows(scene: Scene) -> None:
    scene.published()
    scene.published(SourcePackage("other"))
    scene.published(SourcePackage(version="1.0-1~test13+2"))
    had = {
        each.number: sorted(
            f"{name} {one.version}"
            for name, all_ in held(At(each.distribution, each.number)).items()
            for one in all_
        )
        for each in scene.distribution().publications.all()
    }
    assert list(had.values())[::-1][-3:] == [
        ["hello 1.0-1~test13+1"],
        ["hello 1.0-1~test13+1", "other 1.0-1~test13+1"],
        ["hello 1.0-1~test13+2", "other 1.0-1~test13+1"],
    ]


def test_decided_twice_it_is_in_once(scene: Scene) -> None:
    source = scene.built()
    sweep.judge_all(scene.site)
    source.refresh_from_db()
    for _ in range(2):
        publish.decide(scene.site, source)
    assert models.SuiteEntry.objects.filter(binary=None).count() == 1
    assert models.SuiteEntry.objects.exclude(binary=None).count() == source.binaries.count()
    assert models.Publication.objects.count() == 1


def test_a_tree_that_fell_behind_is_written_again(scene: Scene) -> None:
    """As after a crash, or when somebody has removed the tree: the rows are the record."""
    scene.published()
    shutil.rmtree(scene.site.tree("test").root / "dists")
    distribution = scene.distribution()
    distribution.publications.update(published_at=None)
    publish.carry_out(scene.site, distribution)
    assert in_tree(scene) == in_rows()


@pytest.mark.parametrize("first", [0, 1, 2])
def test_killed_between_any_two_effects_and_run_again_it_is_published_once(
    real: Scene, first: int
) -> None:
    """Every third effect in each of the three; a new version of hello each time."""
    real.published(SourcePackage("other"))
    effects, number = first, 0
    while True:
        number += 1
        source = real.built(SourcePackage(version=f"1.0-1~test13+{number}"))
        came_to_its_end = runs_to_its_end(real.publish_all, effects=effects)
        real.publish_all()
        source.refresh_from_db()
        assert source.state == "published", effects
        assert in_tree(real) == [f"hello 1.0-1~test13+{number}", "other 1.0-1~test13+1"]
        demand_sound(real)
        if came_to_its_end:
            break
        effects += 3
    assert number > 5, "it had effects"


def test_killed_while_taking_in_and_run_again_it_is_accepted_once(real: Scene) -> None:
    effects = 0
    while True:
        version = f"1.0-1~test13+{effects + 1}"
        real.upload(SourcePackage(version=version))
        came_to_its_end = runs_to_its_end(
            lambda: sweep.take_in(real.site, lambda _: False), effects=effects
        )
        sweep.take_in(real.site, lambda _: False)
        source = models.Source.objects.get(version=version)
        assert (source.state, source.upload and source.upload.state) == ("building", "accepted"), (
            effects
        )
        assert source.jobs.count() == 1
        assert source.files.count() == 3
        if came_to_its_end:
            break
        effects += 1
    assert effects > 20, "it had effects"


def test_killed_while_a_result_is_taken_in_it_enters_once(real: Scene) -> None:
    effects = 0
    while True:
        version = f"1.0-1~test13+{effects + 1}"
        source = real.accepted(SourcePackage(version=version))
        (task,) = real.assign()
        real.started(task)
        result = real.build(task)
        came_to_its_end = runs_to_its_end(lambda: real.report(task, result), effects=effects)  # noqa: B023  # it runs at once
        real.report(task, result)
        assert source.jobs.get().state == "succeeded", effects
        assert source.binaries.count() == 1
        if came_to_its_end:
            break
        effects += 1
    assert effects > 5, "it had effects"


def test_two_threads_that_publish_everything_publish_it_once(real: Scene) -> None:
    real.built()

    def work() -> None:
        sweep.judge_all(real.site)
        sweep.publish_all(real.site)

    at_once(work, work)
    real.publish_all()
    assert in_tree(real) == in_rows() == ["hello 1.0-1~test13+1"]
    assert not models.Publication.objects.filter(published_at=None).exists()


def test_a_tree_that_cannot_be_written_delays_and_loses_nothing(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.publish_all()
    suite = scene.site.tree("test").suite(DistributionName.parse("trixie-test-unstable"))
    scene.built()
    suite.chmod(0o500)
    scene.publish_all()
    suite.chmod(0o755)
    assert "publish failed for trixie-test-unstable" in caplog.text
    assert in_tree(scene) == []
    scene.publish_all()
    demand_sound(scene)
    assert in_tree(scene) == ["hello 1.0-1~test13+1"]


def test_what_is_published_is_signed_by_the_key_that_is_served(scene: Scene) -> None:
    scene.published()
    root = scene.site.tree("test").root
    ring = scene.home / "ring.gpg"
    subprocess.run(
        ["gpg", "--batch", "--dearmor", "--output", str(ring), str(root / "archive-key.asc")],
        check=True,
        capture_output=True,
        env={**os.environ, "GNUPGHOME": str(scene.home / "gnupg")},
    )
    subprocess.run(
        ["gpgv", "--keyring", str(ring), str(root / "dists/trixie-test-unstable/InRelease")],
        check=True,
        capture_output=True,
    )
    assert Version("1.0-1~test13+1") in in_tree(scene)[0]
