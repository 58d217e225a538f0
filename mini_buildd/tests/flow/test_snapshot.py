"""Snapshots: names for what all suites had, kept in rows and shown as folders that apt reads."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mini_buildd.db.models import Event, Repository, Snapshot
from mini_buildd.deb.names import MalformedName
from mini_buildd.domain.problem import (
    NotAllowed,
    NothingToDo,
    RepositoryUnknown,
    SnapshotUnknown,
)
from mini_buildd.domain.snapshot import SnapshotKind, SnapshotName
from mini_buildd.flow.snapshot import drop, find_repository, keep_schedule, show_all, take
from mini_buildd.tests.archive.test_apt import Apt
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.shelf import ADMIN, VISITOR, Shelf
from mini_buildd.tests.flow.threads import at_once

FIRST, SECOND = SnapshotName("first"), SnapshotName("2026.2~rc1")


def repository() -> Repository:
    return find_repository("test")


def folder(scene: Scene) -> Path:
    return scene.site.tree("test").root / "snapshots"


def folders(scene: Scene) -> set[str]:
    return {path.name for path in folder(scene).glob("*")}


@pytest.fixture
def shelf(scene: Scene) -> Shelf:
    """Version 2 of unstable, published, has hello."""
    scene.publish_all()
    made = Shelf(scene)
    made.put(made.source())
    made.publish()
    return made


def furnished(real: Scene) -> Shelf:
    real.publish_all()
    shelf = Shelf(real)
    shelf.put(shelf.source())
    shelf.publish()
    return shelf


def test_it_keeps_what_every_suite_has_while_they_go_on(shelf: Shelf) -> None:
    take(shelf.scene.site, ADMIN, repository(), FIRST, reason="release")
    shelf.put(shelf.source("bc"))
    shelf.publish()
    assert shelf.in_tree() == {"hello": ["1.0"], "bc": ["1.0"]}
    assert shelf.in_tree(below="snapshots/first") == {"hello": ["1.0"]}
    assert shelf.in_tree("stable", below="snapshots/first") == {}
    row = Snapshot.objects.get()
    assert (row.kind, row.taken_by, row.reason, row.versions.count()) == (
        *("named", "root", "release"),
        6,
    )
    event = Event.objects.get(kind="snapshot.taken")
    assert event.detail == "test first by root"


def test_what_is_decided_and_not_yet_published_is_not_in_it(shelf: Shelf) -> None:
    shelf.put(shelf.source("bc"))
    shelf.scene.distribution().publications.filter(number=3).update(published_at=None)
    take(shelf.scene.site, ADMIN, repository(), FIRST)
    (version,) = Snapshot.objects.get().versions.filter(distribution=shelf.scene.distribution())
    assert version.number == 2


def test_dropped_it_goes_with_its_folder_and_its_name_is_free_again(shelf: Shelf) -> None:
    site = shelf.scene.site
    take(site, ADMIN, repository(), FIRST)
    with pytest.raises(SnapshotUnknown, match="first, which there is"):
        take(site, ADMIN, repository(), FIRST)
    with pytest.raises(SnapshotUnknown, match="first; found second"):
        drop(site, ADMIN, repository(), "second")
    drop(site, ADMIN, repository(), "first")
    assert folders(shelf.scene) == set()
    take(site, ADMIN, repository(), FIRST)
    assert folders(shelf.scene) == {"first"}


def test_who_is_no_administrator_takes_and_drops_none(shelf: Shelf) -> None:
    with pytest.raises(NotAllowed):
        take(shelf.scene.site, VISITOR, repository(), FIRST)
    take(shelf.scene.site, ADMIN, repository(), FIRST)
    with pytest.raises(NotAllowed):
        drop(shelf.scene.site, VISITOR, repository(), "first")
    assert folders(shelf.scene) == {"first"}


def test_of_nothing_there_is_none(scene: Scene) -> None:
    with pytest.raises(NothingToDo):
        take(scene.site, ADMIN, repository(), FIRST)
    with pytest.raises(RepositoryUnknown, match="one of: test"):
        find_repository("rest")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "20261120T150000Z", "-x", "a b", "x" * 65])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(MalformedName):
        SnapshotName(name)


def test_folders_follow_the_rows_whatever_lies_there(shelf: Shelf) -> None:
    site = shelf.scene.site
    take(site, ADMIN, repository(), FIRST)
    folder(shelf.scene).joinpath("surplus/dists").mkdir(parents=True)
    folder(shelf.scene).joinpath("not ours").mkdir()
    folder(shelf.scene).joinpath(".second.0123456789ab.tmp/dists").mkdir(parents=True)
    shutil.rmtree(folder(shelf.scene) / "first")
    show_all(site, repository())
    assert folders(shelf.scene) == {"first", "not ours"}
    assert not list(folder(shelf.scene).glob(".*"))


def test_a_folder_that_a_crash_left_of_another_one_of_that_name_gives_way(shelf: Shelf) -> None:
    """Dropped, killed before its folder was gone, and taken again under the same name."""
    take(shelf.scene.site, ADMIN, repository(), FIRST)
    Snapshot.objects.all().delete()
    shelf.put(shelf.source("bc"))
    shelf.publish()
    take(shelf.scene.site, ADMIN, repository(), FIRST)
    assert shelf.in_tree(below="snapshots/first") == {"hello": ["1.0"], "bc": ["1.0"]}


def test_a_named_one_of_an_empty_repository_is_repaired_too(scene: Scene) -> None:
    scene.publish_all()
    take(scene.site, ADMIN, repository(), FIRST)
    shutil.rmtree(folder(scene) / "first")
    assert keep_schedule(scene.site, repository()) == []
    assert folders(scene) == {"first"}


# --- by the calendar --------------------------------------------------------------


def test_the_schedule_takes_one_a_week_a_month_and_a_year_and_lets_the_oldest_go(
    shelf: Shelf,
) -> None:
    row = repository()
    row.weekly_snapshots, row.monthly_snapshots, row.yearly_snapshots = 2, 1, 0
    row.save()
    take(shelf.scene.site, ADMIN, row, FIRST)
    shelf.scene.clock.now = datetime(2026, 11, 2, tzinfo=UTC)
    for _ in range(60):
        shelf.scene.clock.now += timedelta(hours=12)
        keep_schedule(shelf.scene.site, row)
        keep_schedule(shelf.scene.site, row)
    names = {*("first", "weekly-2026-W48", "weekly-2026-W49", "monthly-2026-12")}
    assert folders(shelf.scene) == names
    assert set(Snapshot.objects.values_list("name", flat=True)) == names
    scheduled = Snapshot.objects.exclude(kind=SnapshotKind.NAMED)
    assert {each.taken_by for each in scheduled} == {"mini-buildd"}


def test_the_schedule_leaves_an_empty_repository_alone(scene: Scene) -> None:
    scene.publish_all()
    assert keep_schedule(scene.site, repository()) == []
    assert not Snapshot.objects.exists()


# --- two at once, and crashes -------------------------------------------------------


def test_of_two_who_take_the_same_name_at_once_one_does(real: Scene) -> None:
    furnished(real)
    row = repository()
    raised = at_once(
        lambda: take(real.site, ADMIN, row, FIRST),
        lambda: take(real.site, ADMIN, row, FIRST),
        lambda: take(real.site, ADMIN, row, SECOND),
    )
    assert [type(each) for each in raised] == [SnapshotUnknown]
    assert folders(real) == {"first", "2026.2~rc1"}


def test_killed_anywhere_it_is_taken_and_dropped_wholly_by_the_next_run(real: Scene) -> None:
    furnished(real)
    row = repository()
    for verb, there in (
        (lambda: take(real.site, ADMIN, row, FIRST), True),
        (lambda: drop(real.site, ADMIN, row, "first"), False),
    ):
        effects, went = 0, False
        while not went:
            went = runs_to_its_end(verb, effects=effects)
            decided = Snapshot.objects.exists() is there
            show_all(real.site, row)
            assert folders(real) == ({"first"} if decided is there else set())
            assert not list(folder(real).glob(".*"))
            if decided and not went:  # back to the beginning
                drop(real.site, ADMIN, row, "first") if there else take(
                    real.site, ADMIN, row, FIRST
                )
            effects += 1
        assert effects > 10, "it had effects"


# --- apt ------------------------------------------------------------------------------


def test_apt_installs_from_it_what_the_suite_has_no_longer(scene: Scene) -> None:
    scene.published()
    take(scene.site, ADMIN, repository(), FIRST)
    scene.published(SourcePackage(version="1.0-1~test13+2"))
    root = scene.site.tree("test").root
    snippet = (root / "trixie-test-unstable.sources").read_text(encoding="utf-8")
    url = f"{scene.site.archive_url('test')}"
    for below, version in (("/", "1.0-1~test13+2"), ("/snapshots/first/", "1.0-1~test13+1")):
        line = snippet.replace(url, f"file:{root}{below}".rstrip("/"))
        apt = Apt(scene.home / f"apt{len(below)}", line.encode())
        apt.prepare()
        apt.run("apt-get", "update")
        assert f"Candidate: {version}" in apt.run("apt-cache", "policy", "hello")
        apt.run("apt-get", "download", "hello")
        (deb,) = apt.folder.glob("hello_*.deb")
        assert deb.read_bytes() == (root / "pool/main/h/hello" / deb.name).read_bytes()
