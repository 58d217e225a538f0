"""The disk is full in the middle of each operation: told plainly, nothing half, and it goes on."""

import logging
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection, connections

from mini_buildd.archive.tree import Tree
from mini_buildd.db import models
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.permission import SELF
from mini_buildd.domain.problem import DiskFull, NothingToDo, PackageNotThere, SnapshotUnknown
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.flow import sweep
from mini_buildd.flow.change import find_distribution
from mini_buildd.flow.migrate import Migration, migrate
from mini_buildd.flow.remove import remove
from mini_buildd.flow.rollback import rollback
from mini_buildd.flow.site import Site
from mini_buildd.flow.snapshot import drop, show_all, take
from mini_buildd.flow.take import take_ready_made
from mini_buildd.keys import gpg
from mini_buildd.kit.hashing import hash_file
from mini_buildd.tests.archive.apt import Apt
from mini_buildd.tests.archive.published import packages
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.stock import fill, hand_in, make, make_site, suite
from mini_buildd.tests.packager import Packager
from mini_buildd.tests.small_disk import SmallDisk, on_small_disk

pytestmark = [pytest.mark.whole, pytest.mark.django_db(transaction=True)]

_DISK_BYTES = 24 << 20
_MOST_PAGES = 400
UNSTABLE, TESTING, STABLE = suite("unstable"), suite("testing"), suite("stable")


class Told(logging.Handler):
    """What was logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it; a traceback would be no line."""
        assert not record.exc_info, record.exc_info
        self.lines.append(record.getMessage())


@dataclass
class Stage:
    """An archive on a small disk, in a child of the test."""

    disk: SmallDisk
    site: Site
    told: Told

    @property
    def tree(self) -> Tree:
        """What is published."""
        return self.site.tree("test")

    def held(self, distribution: str) -> dict[str, str]:
        """What clients find, verified."""
        return packages(self.tree.root, self.tree.pointer(DistributionName.parse(distribution)))

    def all_held(self) -> dict[str, dict[str, str]]:
        """The same of three suites."""
        return {name: self.held(name) for name in (UNSTABLE, TESTING, STABLE)}

    def go_on(self) -> None:
        """What the daemon does again and again; its faults are logged."""
        sweep.publish_all(self.site)

    def squeeze(self, work: Callable[[], object], *is_done: type[Exception]) -> int:
        """Do *work* with more and more room, until it ends well; gives how often it did not.

        In between, clients find what they found before, or all of what comes after.
        """
        seen = [self.all_held()]
        refusals: list[str] = []
        for pages in _growing():
            with self.disk.with_room(pages):
                try:
                    work()
                except DiskFull as problem:
                    refusals.append(str(problem))
                except is_done:
                    break
                else:
                    break
                if self.all_held() != seen[-1]:
                    seen.append(self.all_held())
        assert all(str(self.site.places.home) in each for each in refusals), refusals
        assert len(seen) == 1, "it was decided, not published"
        return len(refusals)


def _growing() -> Iterator[int]:
    pages = 0
    while pages < _MOST_PAGES:
        yield pages
        pages += 1 + pages // 4
    raise AssertionError(f"it does not end well even with {_MOST_PAGES} pages of room")


@pytest.fixture
def on_disk(tmp_path: Path) -> Callable[[Callable[[Stage], object]], None]:
    """Run a function of a Stage; the tables are on the small disk, too."""
    tables = Path(str(connection.settings_dict["NAME"]))
    connections.close_all()

    def in_child(disk: SmallDisk, work: Callable[[Stage], object]) -> None:
        home = disk.folder / "home"
        home.mkdir()
        shutil.copy(tables, home / "db.sqlite3")
        connection.settings_dict["NAME"] = str(home / "db.sqlite3")
        told = Told()
        logging.getLogger().addHandler(told)
        site = make_site(home)
        names = [(f"pkg-{number:02}", "1.0") for number in range(12)]
        fill(site, [(UNSTABLE, names), (TESTING, names[:8]), (STABLE, names[:4])])
        try:
            work(Stage(disk, site, told))
        finally:
            connections.close_all()
            gpg.stop_agent(site.places.gnupg)

    def run(work: Callable[[Stage], object]) -> None:
        on_small_disk(tmp_path, _DISK_BYTES, lambda disk: in_child(disk, work))

    return run


Run = Callable[[Callable[[Stage], object]], None]


def test_a_suite_is_published_once_there_is_room(on_disk: Run) -> None:
    def work(stage: Stage) -> None:
        hand_in(stage.site, UNSTABLE, "new", "1.0")
        before, refused = stage.all_held(), 0
        for pages in _growing():
            with stage.disk.with_room(pages):
                stage.go_on()
                if stage.held(UNSTABLE) != before[UNSTABLE]:
                    break
                refused += 1
                assert stage.all_held() == before
                if refused == 5:
                    apt_downloads(stage, "pkg-01")
        stage.go_on()
        assert stage.all_held() == {**before, UNSTABLE: {**before[UNSTABLE], "new": "1.0"}}
        assert refused > 5
        assert len(stage.told.lines) >= refused
        line = f"room on the disk of {stage.site.places.home}"
        assert all(line in each for each in stage.told.lines), stage.told.lines
        assert not models.Publication.objects.filter(published_at=None).exists()

    on_disk(work)


def apt_downloads(stage: Stage, package: str) -> None:
    """A client, on a disk of its own, gets *package* from unstable as it is now."""
    text = (stage.tree.root / f"{UNSTABLE}.sources").read_text(encoding="ascii")
    snippet = re.sub(r"(?m)^URIs: .*$", f"URIs: file:{stage.tree.root}", text)
    with tempfile.TemporaryDirectory() as folder:
        apt = Apt(Path(folder), snippet.encode())
        apt.prepare()
        apt.run("apt-get", "update")
        apt.run("apt-get", "install", "--download-only", "--yes", f"{package}/{UNSTABLE}")


def test_packages_migrate_to_all_suites_or_none(on_disk: Run) -> None:
    def work(stage: Stage) -> None:
        wish = Migration(find_distribution(UNSTABLE), ["pkg-10", "pkg-11"], whole_way=True)
        assert stage.squeeze(lambda: migrate(stage.site, SELF, wish, force=True)) > 0
        numbers = models.Publication.objects.filter(kind="migrate")
        assert sorted(numbers.values_list("distribution__name", "number")) == [
            (STABLE, 2),
            (TESTING, 2),
        ]
        publish(stage)
        for name in (TESTING, STABLE):
            assert {"pkg-10", "pkg-11"} < stage.held(name).keys()

    on_disk(work)


def publish(stage: Stage) -> None:
    """Let the trees follow, with more and more room."""
    for pages in _growing():
        with stage.disk.with_room(pages):
            stage.go_on()
            if not models.Publication.objects.filter(published_at=None).exists():
                break


def test_packages_are_removed_and_the_suite_rolled_back(on_disk: Run) -> None:
    def work(stage: Stage) -> None:
        testing = find_distribution(TESTING)
        before = stage.held(TESTING)
        assert stage.squeeze(
            lambda: remove(stage.site, SELF, testing, ["pkg-01"], force=True), PackageNotThere
        )
        publish(stage)
        assert stage.held(TESTING).keys() == before.keys() - {"pkg-01"}
        assert stage.squeeze(lambda: rollback(stage.site, SELF, testing, 1), NothingToDo)
        publish(stage)
        assert stage.held(TESTING) == before

    on_disk(work)


def test_a_snapshot_is_taken_and_dropped(on_disk: Run) -> None:
    def work(stage: Stage) -> None:
        repository, name = models.Repository.objects.get(), SnapshotName("before")
        assert stage.squeeze(lambda: take(stage.site, SELF, repository, name), SnapshotUnknown)
        show_all(stage.site, repository)
        folder = stage.tree.snapshot(name)
        assert packages(stage.tree.root, folder / "dists" / TESTING) == stage.held(TESTING)
        assert stage.squeeze(lambda: drop(stage.site, SELF, repository, name), SnapshotUnknown)
        show_all(stage.site, repository)
        assert not folder.exists()
        assert not models.Snapshot.objects.exists()

    on_disk(work)


def test_ready_made_packages_are_taken_in_all_or_none(on_disk: Run, short_folder: Path) -> None:
    def work(stage: Stage) -> None:
        models.Suite.objects.update(accepts_ready_made=True)
        files = []
        for number in range(5):
            made = make(stage.site, f"made-{number}", "1.0")
            files.append(short_folder / Path(made.path).name)
            files[-1].write_bytes(made.data)
        unstable = find_distribution(UNSTABLE)
        before = stage.held(UNSTABLE)
        assert stage.squeeze(
            lambda: take_ready_made(stage.site, SELF, unstable, files, "elsewhere"), NothingToDo
        )
        publish(stage)
        new = {f"made-{number}": "1.0" for number in range(5)}
        assert stage.held(UNSTABLE) == {**before, **new}

    on_disk(work)


def test_an_upload_is_accepted_with_all_its_files(on_disk: Run, packager: Packager) -> None:
    def work(stage: Stage) -> None:
        scene = Scene(stage.site.places.home, packager, stage.site.signer)
        scene.set_up()
        scene.upload(SourcePackage())
        for pages in _growing():
            with stage.disk.with_room(pages):
                sweep.take_in(scene.site, lambda _: False)
                if models.Job.objects.exists():
                    break
        source = models.Source.objects.get(name="hello")
        for row in source.files.select_related("file"):
            assert hash_file(stage.tree.root / row.file.path).sha256 == row.file.sha256
        assert (source.state, source.files.count()) == ("building", 3)
        assert stage.told.lines
        assert models.Upload.objects.get().state == "accepted"

    on_disk(work)
