"""Ready-made packages: read, marked by their origin, in one version of the suite; or refused."""

import gzip
import shutil
import tarfile
from pathlib import Path

import pytest

from mini_buildd.archive import read_offers
from mini_buildd.db import models
from mini_buildd.deb import payload
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import (
    NotAllowed,
    NothingToDo,
    PackageRefused,
    ReadyMadeClosed,
    SuiteFrozen,
)
from mini_buildd.flow import gather, intake, sweep
from mini_buildd.flow.change import SuiteChange
from mini_buildd.flow.freeze import freeze
from mini_buildd.flow.remove import remove
from mini_buildd.flow.take import take_ready_made
from mini_buildd.tests.deb.test_payload import ar, tar
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.package import BinaryPackage, SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.test_publish import demand_sound

ADMIN = Actor("ada", is_admin=True)
SUITE = "dists/trixie-test-unstable"


def open_suites(scene: Scene) -> None:
    """Let its suites take ready-made packages."""
    models.Suite.objects.update(accepts_ready_made=True, checks_installability=False)
    assert scene.distribution().suite.accepts_ready_made


def take(
    scene: Scene, *files: Path, origin: str = "vendor", dry_run: bool = False, links: bool = False
) -> tuple[SuiteChange, ...]:
    return take_ready_made(
        scene.site, ADMIN, scene.distribution(), files, origin, dry_run=dry_run, links=links
    )


def index(scene: Scene, path: str) -> str:
    """An index of unstable, as it is published."""
    return gzip.decompress((scene.site.tree("test").root / SUITE / path).read_bytes()).decode()


def pool(scene: Scene) -> list[str]:
    """The files in the pool."""
    return sorted(path.name for path in scene.site.tree("test").root.glob("pool/*/*/*/*"))


@pytest.fixture
def ready(scene: Scene) -> Scene:
    open_suites(scene)
    return scene


def test_a_package_is_taken_with_its_origin_and_its_files(ready: Scene) -> None:
    deb = BinaryPackage("tool", "1:2.0", files={"usr/bin/tool": b"1"}).put(ready.home / "in")
    (change,) = take(ready, deb)
    assert [str(each.source) for each in change.differences] == ["tool"]
    ready.publish_all()
    source = models.Source.objects.get()
    assert (source.origin, source.upload, source.state) == ("vendor", None, "published")
    assert source.publications.count() == 0
    publication = ready.distribution().publications.first()
    assert publication is not None
    assert (publication.kind, publication.actor) == ("import", "ada")
    assert "Package: tool\n" in index(ready, "main/binary-amd64/Packages.gz")
    assert index(ready, "main/Contents-amd64.gz") == "usr/bin/tool  utils/tool\n"
    assert index(ready, "main/source/Sources.gz") == ""
    demand_sound_but_for_sources(ready)


def demand_sound_but_for_sources(scene: Scene) -> None:
    """Nothing is left to do, and nothing is left over."""
    assert not scene.distribution().publications.filter(published_at=None).exists()
    numbers = scene.distribution().publications.count()
    sweep.publish_all(scene.site)
    assert scene.distribution().publications.count() == numbers
    assert not list(scene.site.tree("test").root.glob(".intake*"))


def test_a_renamed_package_gets_the_name_it_should_have(ready: Scene) -> None:
    take(ready, BinaryPackage("tool", "1:2.0").put(ready.home / "in", "current.deb"))
    assert pool(ready) == ["tool_2.0_amd64.deb"]


def test_a_source_package_comes_with_all_its_files(ready: Scene) -> None:
    package = SourcePackage(
        version="3.0-1", dsc_fields="Package-List:\n hello deb contrib/games extra arch=any\n"
    )
    for name, data in package.source_files().items():
        (ready.home / name).write_bytes(data)
    deb = BinaryPackage(version="3.0-1", section="contrib/games").put(ready.home)
    take(ready, deb, ready.home / "hello_3.0-1.dsc")
    ready.publish_all()
    source = models.Source.objects.get()
    assert (source.component, source.architectures) == ("contrib", "any")
    assert source.files.count() == 3
    assert "Section: contrib/games\n" in index(ready, "contrib/source/Sources.gz")
    assert len(pool(ready)) == 4
    demand_sound_but_for_sources(ready)


def test_the_source_comes_along_or_not_at_all(ready: Scene) -> None:
    files = SourcePackage(version="3.0-1").source_files()
    dsc = ready.home / "in" / "hello_3.0-1.dsc"
    files[dsc.name] = ready.packager.sign(files[dsc.name])
    deb = BinaryPackage(version="3.0-1").put(ready.home / "in")
    for each, data in files.items():
        (ready.home / "in" / each).write_bytes(data)
    take(ready, deb)
    with pytest.raises(PackageRefused, match="without its source package"):
        take(ready, dsc)
    remove(ready.site, ADMIN, ready.distribution(), ["hello"], force=True)
    with pytest.raises(PackageRefused, match="without its source package"):
        take(ready, dsc, deb)


def test_a_signed_source_package_is_read_whoever_signed_it(ready: Scene) -> None:
    files = SourcePackage(version="3.0-1").source_files()
    for name, data in files.items():
        signed = ready.packager.sign(data) if name.endswith(".dsc") else data
        (ready.home / name).write_bytes(signed)
    take(ready, ready.home / "hello_3.0-1.dsc")
    assert models.Source.objects.get().files.count() == 3
    (ready.home / "hello_3.0.orig.tar.gz").write_bytes(b"other")
    with pytest.raises(PackageRefused, match=r"hello_3.0.orig.tar.gz with SHA-256"):
        take(ready, ready.home / "hello_3.0-1.dsc")


@pytest.mark.parametrize("links", [False, True])
def test_who_writes_into_a_file_later_does_not_change_what_was_copied(
    ready: Scene, *, links: bool
) -> None:
    deb = BinaryPackage().put(ready.home / "in")
    take(ready, deb, links=links)
    (placed,) = ready.site.tree("test").root.glob("pool/*/*/*/*")
    assert (placed.stat().st_ino == deb.stat().st_ino) == links
    assert placed.stat().st_mode & 0o777 == 0o444


def test_taking_it_again_changes_nothing(ready: Scene) -> None:
    deb = BinaryPackage().put(ready.home / "in")
    take(ready, deb)
    with pytest.raises(NothingToDo):
        take(ready, deb)
    assert ready.distribution().publications.count() == 1
    with pytest.raises(PackageRefused, match="is there already with SHA-256"):
        take(ready, BinaryPackage(content="other").put(ready.home / "in"))
    assert models.Binary.objects.count() == 1


def test_a_dry_run_tells_the_same_and_leaves_nothing(ready: Scene) -> None:
    debs = [BinaryPackage(name).put(ready.home / "in") for name in ("tool", "other")]
    told = take(ready, *debs, dry_run=True)
    assert not models.Source.objects.exists()
    assert pool(ready) == []
    real = take(ready, *debs)
    assert told[0].differences == real[0].differences
    assert told[0].number == real[0].number


def test_only_an_administrator_and_only_where_it_is_allowed(scene: Scene) -> None:
    deb = BinaryPackage().put(scene.home / "in")
    with pytest.raises(ReadyMadeClosed):
        take(scene, deb)
    open_suites(scene)
    with pytest.raises(NotAllowed):
        take_ready_made(scene.site, Actor("eve"), scene.distribution(), [deb], "x")
    freeze(scene.site, ADMIN, scene.distribution(), reason="release")
    with pytest.raises(SuiteFrozen):
        take(scene, deb)
    assert pool(scene) == []


def test_what_was_built_here_gets_no_ready_made_packages_besides(ready: Scene) -> None:
    ready.published()
    with pytest.raises(PackageRefused, match="was built here"):
        take(ready, BinaryPackage("hello-extra", source="hello").put(ready.home / "in"))


def test_the_older_version_gives_way(ready: Scene) -> None:
    for version in ("1.0", "2.0"):
        take(ready, BinaryPackage("tool", version).put(ready.home / "in"))
    ready.publish_all()
    said = index(ready, "main/binary-amd64/Packages.gz")
    assert "Version: 2.0\n" in said
    assert "Version: 1.0\n" not in said


def _zeros() -> bytes:
    info = tarfile.TarInfo("./zeros")
    info.size = 16 << 20
    return gzip.compress(info.tobuf() + bytes(info.size))


_FIELDS = b"Package: tool\nVersion: 1.0\nArchitecture: amd64\nDescription: x\n"


def _hostile(folder: Path) -> dict[str, Path]:
    good = BinaryPackage("tool").put(folder).read_bytes()
    packages = {
        "bomb.deb": ar(
            {
                "debian-binary": b"2.0\n",
                "control.tar": tar(("./control", _FIELDS)),
                "data.tar.gz": _zeros(),
            }
        ),
        "cut.deb": good[:-700],
        "none.deb": b"",
        "above.deb": ar(
            {
                "debian-binary": b"2.0\n",
                "control.tar": tar(("./control", _FIELDS.replace(b"tool", b"../../tool"))),
                "data.tar": tar(),
            }
        ),
    }
    for name, data in packages.items():
        (folder / name).write_bytes(data)
    (folder / "gone.deb").symlink_to("nowhere")
    (folder / "folder.deb").mkdir()
    other = BinaryPackage("other", architecture="sparc").put(folder)
    return {**{name: folder / name for name in (*packages, "gone.deb", "folder.deb")}, "x": other}


def test_what_is_wrong_with_files_is_told_together_and_none_is_taken(
    ready: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload, "_MAX_UNPACKED_BYTES", 1 << 20)
    folder = ready.home / "in"
    files = _hostile(folder)
    with pytest.raises(PackageRefused) as told:
        take(ready, *files.values(), BinaryPackage("fine").put(folder))
    assert "bomb.deb: it unpacks to more than" in told.value.found
    assert "cut.deb: " in told.value.found
    assert "above.deb: '../../tool' is not a" in told.value.found
    assert "and 2 more" in told.value.found
    with pytest.raises(PackageRefused, match="other for sparc"):
        take(ready, files["x"])
    with pytest.raises(PackageRefused, match=r"readme\.txt"):
        take(ready, folder / "readme.txt")
    assert pool(ready) == []
    assert not models.Source.objects.exists()


def test_many_packages_are_read_by_others_and_saved_in_parts(
    ready: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_offers, "_FEW", 5)
    monkeypatch.setattr(read_offers, "_AT_ONCE", 3)
    monkeypatch.setattr(gather, "_PART", 8)
    monkeypatch.setattr(intake, "_FEW", 2)
    debs = [
        BinaryPackage(f"tool{number}", files={"usr/x": b""}).put(ready.home / "in")
        for number in range(20)
    ]
    (told,) = take(ready, *debs, dry_run=True)
    (change,) = take(ready, *debs)
    assert change.differences == told.differences
    assert len(change.differences) == len(change.binaries) == 20
    ready.publish_all()
    assert index(ready, "main/Contents-amd64.gz").count(",") == 19
    shutil.rmtree(ready.home / "in")
    demand_sound_but_for_sources(ready)


def test_killed_between_any_two_effects_and_run_again_it_is_taken_once(
    real: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_suites(real)
    monkeypatch.setattr(gather, "_PART", 2)
    effects, number = 0, 0
    while True:
        number += 1
        changelog = {f"usr/share/doc/a{number}/changelog.gz": gzip.compress(b"new")}
        names = [f"{letter}{number}" for letter in "abc"]
        debs = [BinaryPackage(name, files=changelog).put(real.home / "in") for name in names]
        came_to_its_end = runs_to_its_end(lambda: take(real, *debs), effects=effects)  # noqa: B023  # it runs at once
        try:
            take(real, *debs)
        except NothingToDo:
            assert came_to_its_end or effects > 20
        assert models.Binary.objects.filter(package__in=names).count() == 3, effects
        entered = models.SuiteEntry.objects.filter(source__name__in=names)
        assert entered.count() == 6, effects
        if came_to_its_end:
            break
        effects += 3
    assert number > 8, "it had effects"
    real.publish_all()
    assert index(real, "main/binary-amd64/Packages.gz").count("Package: ") == 3 * number
    assert not models.Publication.objects.filter(published_at=None).exists()


def test_beside_uploads_it_is_sound(ready: Scene) -> None:
    """A package with its source counts as any other."""
    ready.published()
    for name, data in SourcePackage("other", "3.0-1").source_files().items():
        (ready.home / name).write_bytes(data)
    take(ready, ready.home / "other_3.0-1.dsc")
    ready.publish_all()
    demand_sound(ready)
