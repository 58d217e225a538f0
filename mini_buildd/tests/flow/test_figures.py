"""What those who watch an instance are told of its builds, uploads, keys and disks."""

from collections.abc import Iterable, Mapping

import pytest

from mini_buildd.domain.metric import Family
from mini_buildd.flow.figures import figures, held
from mini_buildd.flow.tally import Tally
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene


def read(families: Iterable[Family]) -> Mapping[str, list[tuple[dict[str, str], float]]]:
    """The samples by name."""
    return {
        family.name: [(dict(each.labels), each.value) for each in family.samples if not each.suffix]
        for family in families
    }


def test_what_happens_is_counted_from_the_start_of_the_daemon_on(scene: Scene) -> None:
    scene.built(SourcePackage(name="before"))
    tally = Tally()
    assert read(tally.families())["mini_buildd_builds_total"] == []
    scene.built()
    scene.take_in(SourcePackage(name="lost", distribution="trixie-test-nowhere"))
    scene.publish_all()
    found = read(tally.families())
    labels = {"result": "succeeded", "suite": "trixie-test-unstable", "architecture": "amd64"}
    assert found["mini_buildd_builds_total"] == [(labels, 1)]
    assert sorted(found["mini_buildd_uploads_total"], key=str) == [
        ({"result": "accepted"}, 1),
        ({"result": "rejected"}, 1),
    ]
    kinds = {labels["kind"] for labels, _ in found["mini_buildd_events_total"]}
    assert kinds > {"job.succeeded", "suite.published", "upload.rejected"}
    again = read(tally.families())
    assert again["mini_buildd_builds_total"] == found["mini_buildd_builds_total"]


def test_what_builds_and_publications_take_is_told(scene: Scene) -> None:
    tally = Tally()
    scene.published()
    parts = {
        (family.name, each.suffix): each.value
        for family in tally.families()
        for each in family.samples
        if each.suffix in ("_sum", "_count")
    }
    assert parts["mini_buildd_build_duration_seconds", "_count"] == 1
    assert parts["mini_buildd_build_duration_seconds", "_sum"] > 0
    assert parts["mini_buildd_publish_duration_seconds", "_count"] >= 1


def test_what_waits_is_told_by_architecture_and_by_what_keeps_it(scene: Scene) -> None:
    scene.set_up("amd64", "arm64")
    scene.accepted()
    found = read(figures(scene.site))
    waiting = {labels["architecture"]: n for labels, n in found["mini_buildd_jobs"]}
    assert waiting == {"amd64": 1, "arm64": 1}
    assert {labels["state"] for labels, _ in found["mini_buildd_jobs"]} == {"waiting"}
    assert sum(count for _, count in found["mini_buildd_jobs_waiting"]) == 2


def test_what_ends_some_day_is_told(scene: Scene) -> None:
    found = read(figures(scene.site))
    assert found["mini_buildd_uploader_keys"] == [({}, 1)]
    (_, age) = found["mini_buildd_chroot_age_seconds"][0]
    assert 0 < age < 3600
    assert {labels["folder"] for labels, _ in found["mini_buildd_disk_free_bytes"]} == {
        "home",
        "archive",
        "builds",
        "spool",
        "chroots",
    }


def test_what_the_archives_hold_is_told(scene: Scene) -> None:
    scene.built()
    found = read(held(scene.site))
    [(labels, count)] = found["mini_buildd_archive_files"]
    assert labels == {"repository": "test"}
    assert count > 3


@pytest.mark.parametrize("times", [1, 8])
def test_asking_costs_the_same_number_of_queries_however_much_there_is(
    scene: Scene, times: int, django_assert_max_num_queries: object
) -> None:
    assert callable(django_assert_max_num_queries)
    tally = Tally()
    for number in range(times):
        scene.accepted(SourcePackage(name=f"hello{number}"))
    with django_assert_max_num_queries(30):
        list(figures(scene.site))
        tally.families()
