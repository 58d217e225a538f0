"""The check of the archive: finds what is damaged, nothing else, and mends it."""

import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from mini_buildd.db import models
from mini_buildd.domain.finding import Finding
from mini_buildd.domain.permission import SELF
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.flow import snapshot
from mini_buildd.flow.check import check
from mini_buildd.flow.collect import collect
from mini_buildd.flow.publish import sign_again
from mini_buildd.flow.remove import remove
from mini_buildd.flow.retain import retain
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.threads import at_once
from mini_buildd.tests.flow.tree import demand_all_there, pool, root

DEB = "pool/main/h/hello/hello_1.0-1~test13+1_amd64.deb"
ORIG = "pool/main/h/hello/hello_1.0.orig.tar.gz"
UNSTABLE = "suites/trixie-test-unstable"
PACKAGES = "main/binary-amd64/Packages"


def found(scene: Scene, *, repair: bool = False) -> list[Finding]:
    return list(check(scene.site, repair=repair))


def kinds(scene: Scene, *, repair: bool = False) -> set[str]:
    return {str(finding.kind) for finding in found(scene, repair=repair)}


def only_unstable(scene: Scene) -> Scene:
    """One suite: the others would only take time."""
    models.Distribution.objects.exclude(name="trixie-test-unstable").delete()
    return scene


@pytest.fixture
def whole(scene: Scene) -> Scene:
    """Two versions of unstable, hello, and hello and other; all is well."""
    only_unstable(scene)
    scene.published()
    scene.published(SourcePackage("other"))
    return scene


def flip(path: Path) -> None:
    """Let one bit of a file be another, whatever its mode and all its names."""
    mode = path.stat().st_mode
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    path.chmod(mode)


def cut(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-5])


def blob_of(tree: Path, name: str) -> Path:
    """The index by hash that the published version has under *name*."""
    wanted = (tree / UNSTABLE / "2" / name).stat().st_ino
    blobs = (tree / UNSTABLE / "by-hash/SHA256").iterdir()
    return next(path for path in blobs if path.stat().st_ino == wanted)


def chunk(tree: Path) -> Path:
    """A chunk of the published Packages."""
    folder = tree.parent.parent / "index-cache/test/trixie-test-unstable/chunks"
    return next(path for path in folder.iterdir() if b"Package: other" in path.read_bytes())


def lead(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


def write(path: Path, text: str = "foreign") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def say_something_else(tree: Path) -> None:
    """As if a version had been written from other rows: all of it fits, but to nothing here."""
    del tree
    models.SuiteEntry.objects.exclude(binary=None).filter(binary__package="other").update(
        removed_in=2
    )


DAMAGES: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "a part of the cache that is gone": (lambda tree: chunk(tree).unlink(), {"cache"}),
    "a flipped bit in an index": (
        lambda tree: flip(tree / UNSTABLE / "2" / f"{PACKAGES}.gz"),
        {"version damaged"},
    ),
    "a truncated index by hash": (
        lambda tree: cut(blob_of(tree, f"{PACKAGES}.xz")),
        {"version damaged"},
    ),
    "an index that is gone": (
        lambda tree: (tree / UNSTABLE / "2" / f"{PACKAGES}.gz").unlink(),
        {"version damaged"},
    ),
    "an index by hash that is gone": (
        lambda tree: blob_of(tree, "main/source/Sources.gz").unlink(),
        {"version damaged"},
    ),
    "a link to the indexes by hash that is gone": (
        lambda tree: (tree / UNSTABLE / "2/main/binary-amd64/by-hash").unlink(),
        {"version damaged"},
    ),
    "a Release that is gone": (
        lambda tree: (tree / UNSTABLE / "2/Release").unlink(),
        {"version damaged"},
    ),
    "a flipped bit in a Release": (
        lambda tree: flip(tree / UNSTABLE / "2/Release"),
        {"signature", "version damaged"},
    ),
    "a flipped bit in an InRelease": (
        lambda tree: flip(tree / UNSTABLE / "2/InRelease"),
        {"signature"},
    ),
    "a detached signature that is gone": (
        lambda tree: (tree / UNSTABLE / "2/Release.gpg").unlink(),
        {"signature"},
    ),
    "an earlier version that is damaged": (
        lambda tree: flip(tree / UNSTABLE / "1/main/source/Sources.xz"),
        {"version damaged"},
    ),
    "an earlier version that is gone": (
        lambda tree: shutil.rmtree(tree / UNSTABLE / "1"),
        {"version lost"},
    ),
    "the published version that is gone": (
        lambda tree: shutil.rmtree(tree / UNSTABLE / "2"),
        {"version lost"},
    ),
    "a pointer to an earlier version": (
        lambda tree: lead(tree / "dists/trixie-test-unstable", f"../{UNSTABLE}/1"),
        {"pointer"},
    ),
    "a pointer that is gone": (
        lambda tree: (tree / "dists/trixie-test-unstable").unlink(),
        {"pointer"},
    ),
    "a foreign file in a version": (
        lambda tree: write(tree / UNSTABLE / "2/main/notes"),
        {"left over"},
    ),
    "a flipped bit in the cache": (lambda tree: flip(chunk(tree)), {"cache"}),
    "a foreign key": (lambda tree: write(tree / "archive-key.asc"), {"key"}),
    "a foreign file in the pool": (
        lambda tree: write(tree / "pool/main/f/foreign/foreign_1_all.deb"),
        {"left over"},
    ),
    "a foreign link in the pool": (
        lambda tree: (tree / "pool/main/h/link").symlink_to("/etc"),
        {"left over"},
    ),
    "a flipped bit in the pool": (lambda tree: flip(tree / DEB), {"file damaged"}),
    "a file of the pool that is gone": (lambda tree: (tree / DEB).unlink(), {"file lost"}),
    "a file of the pool that is a link": (
        lambda tree: lead(tree / DEB, "/dev/zero"),
        {"file lost"},
    ),
    "a face whose Release is gone": (
        lambda tree: (tree / "dists/trixie-test-unstable/Release").unlink(),
        {"signature"},
    ),
    "a face with a signed text of another version": (
        lambda tree: shutil.copytree(
            tree / UNSTABLE / "1",
            (tree / "dists/trixie-test-unstable").resolve(),
            dirs_exist_ok=True,
            ignore=lambda _, names: [name for name in names if "Release" not in name],
        ),
        {"pointer"},
    ),
    "a face that leads to another version's indexes": (
        lambda tree: lead(tree / "dists/trixie-test-unstable/main", "../1/main"),
        {"pointer"},
    ),
    "a version that says something else": (say_something_else, {"differs from the database"}),
}


def test_it_finds_and_mends_each_damage(whole: Scene) -> None:
    """One after the other: what was mended is whole, so the next one is found alone."""
    spare = whole.site.places.builds / "spare/results"
    spare.mkdir(parents=True)
    shutil.copy(root(whole) / DEB, spare)
    assert found(whole, repair=True) == []
    sign_again(whole.site, whole.distribution().publications.get(number=2))
    for damage, (break_it, wanted) in DAMAGES.items():
        break_it(root(whole))
        repaired = found(whole, repair=True)
        assert {str(finding.kind) for finding in repaired} == wanted, damage
        assert all(finding.is_repaired for finding in repaired), damage
        assert found(whole) == [], damage
        newest = root(whole) / "dists/trixie-test-unstable"
        assert newest.resolve().name.partition(".")[0] == "2", damage
        demand_all_there(whole, newest)
        demand_all_there(whole, root(whole) / UNSTABLE / "1")


def test_unless_it_is_asked_to_it_mends_nothing(whole: Scene) -> None:
    names = ("an index that is gone", "a foreign key", "a foreign file in the pool")
    for name in names:
        DAMAGES[name][0](root(whole))
    first = found(whole)
    assert {str(finding.kind) for finding in first} == {
        kind for name in names for kind in DAMAGES[name][1]
    }
    assert not any(finding.is_repaired for finding in first)
    assert found(whole) == first


def test_where_all_is_well_it_finds_nothing_and_changes_nothing(whole: Scene) -> None:
    def state() -> set[tuple[str, int]]:
        return {(str(path), path.lstat().st_mtime_ns) for path in root(whole).rglob("*")}

    before = state()
    said: list[str] = []
    assert list(check(whole.site, repair=True, say=said.append)) == []
    assert state() == before
    assert said


def test_a_file_that_is_nowhere_else_is_told_as_lost_with_what_that_means(whole: Scene) -> None:
    (root(whole) / DEB).unlink()
    for path in whole.site.places.builds.glob("*/results/*.deb"):
        path.unlink()
    (lost,) = found(whole, repair=True)
    assert (lost.kind, lost.where, lost.is_repaired) == ("file lost", f"test/{DEB}", False)
    assert "trixie-test-unstable (hello) cannot give it to anybody" in lost.repair


def test_a_file_is_restored_from_another_repository(whole: Scene) -> None:
    for path in whole.site.places.builds.glob("*/results/*"):
        path.unlink()
    first = models.Repository.objects.get()
    other = models.Repository.objects.create(name="other", layout=first.layout)
    row = models.PoolFile.objects.get(path=ORIG)
    row.pk, row.repository = None, other
    row.save()
    copy = whole.site.tree("other").root / ORIG
    copy.parent.mkdir(parents=True)
    shutil.copy(root(whole) / ORIG, copy)
    flip(root(whole) / ORIG)
    (shown,) = found(whole)
    assert shown.repair == f"restore it from archive/other/{ORIG}"
    (damaged,) = found(whole, repair=True)
    assert (damaged.kind, damaged.is_repaired) == ("file damaged", True)
    assert found(whole) == []


def test_snapshots_are_made_as_the_rows_say(whole: Scene) -> None:
    repository = models.Repository.objects.get()
    for name in ("broken", "lost", "good"):
        snapshot.take(whole.site, SELF, repository, SnapshotName(name))
    folder = root(whole) / "snapshots"
    (folder / "broken/dists/trixie-test-unstable").unlink()
    shutil.rmtree(folder / "lost")
    (folder / "foreign").mkdir()
    write(folder / "file")
    wrong = ["broken", "file", "foreign", "lost"]
    assert [finding.where for finding in found(whole)] == [f"test/snapshots/{n}" for n in wrong]
    assert all(finding.is_repaired for finding in found(whole, repair=True))
    assert found(whole) == []
    demand_all_there(whole, folder / "lost/dists/trixie-test-unstable")


def test_what_is_signed_by_a_strangers_key_is_signed_again(whole: Scene) -> None:
    release = root(whole) / UNSTABLE / "2/Release"
    signed = whole.packager.sign(release.read_bytes())
    (release.parent / "InRelease").write_bytes(signed)
    assert kinds(whole, repair=True) == {"signature"}
    assert found(whole) == []


def test_many_damages_at_once_are_all_mended(whole: Scene) -> None:
    tree = root(whole)
    for damage in (
        "a flipped bit in the cache",
        "a flipped bit in an index",
        "a truncated index by hash",
        "an earlier version that is gone",
        "a foreign file in the pool",
    ):
        DAMAGES[damage][0](tree)
    assert all(finding.is_repaired for finding in found(whole, repair=True))
    assert found(whole) == []
    assert demand_all_there(whole, tree / UNSTABLE / "1") == 4
    assert demand_all_there(whole, tree / UNSTABLE / "2") == 8


def test_a_file_whose_name_is_no_text_is_told_and_removed(whole: Scene) -> None:
    path = Path(str(root(whole) / "pool" / "bad") + b"\xff".decode(errors="surrogateescape"))
    path.write_text("foreign")
    (finding,) = found(whole, repair=True)
    assert finding.is_repaired
    assert not path.exists()


def test_beside_a_working_daemon_it_finds_nothing(real: Scene) -> None:
    """Publishing, retention and collection in one thread, the check in another."""
    only_unstable(real)
    models.Suite.objects.update(kept_rollbacks=1, kept_days=1)
    repository = models.Repository.objects.get()
    real.published(SourcePackage(version="1.0-1~test13+1"))
    is_done = threading.Event()
    findings: list[Finding] = []

    def work() -> None:
        try:
            for number in range(2, 8):
                version = f"1.0-1~test13+{number}"
                real.published(SourcePackage(version=version, with_orig=False))
                real.clock.now += timedelta(days=2)
                snapshot.take(real.site, SELF, repository, SnapshotName(f"at-{number}"))
                if number > 3:
                    snapshot.drop(real.site, SELF, repository, f"at-{number - 2}")
                retain(real.site, real.distribution())
                collect(real.site, repository)
        finally:
            is_done.set()

    def look() -> None:
        while not is_done.is_set():
            findings.extend(found(real))
        findings.extend(found(real))

    assert at_once(work, look, seconds=60) == []
    assert findings == []


def test_killed_while_it_repairs_the_next_run_completes_it(real: Scene) -> None:
    only_unstable(real)
    real.publish_all()
    real.published()
    number = models.Publication.objects.count()
    effects = 0
    while True:
        version = root(real) / UNSTABLE / str(number)
        flip(version / f"{PACKAGES}.gz")
        shutil.rmtree(root(real) / UNSTABLE / str(number - 1), ignore_errors=True)
        write(root(real) / "pool/main/f/foreign_1_all.deb")
        came_to_its_end = runs_to_its_end(lambda: found(real, repair=True), effects=effects)
        found(real, repair=True)
        assert found(real) == [], effects
        assert demand_all_there(real, root(real) / "dists/trixie-test-unstable") == 4
        if came_to_its_end:
            break
        effects += 60
    assert effects > 60, "it had effects"


def test_what_is_removed_and_not_yet_unlinked_is_left_over(whole: Scene) -> None:
    """As after a crash of the collection whose next run does not come."""
    remove(whole.site, SELF, whole.distribution(), ["hello"], force=True)
    whole.publish_all()
    models.PoolFile.objects.filter(name__startswith="hello").update(removed_at=whole.clock())
    assert {finding.where for finding in found(whole, repair=True)} >= {f"test/{DEB}"}
    assert not [name for name in pool(whole) if name.startswith("hello")]
