"""Archives of others: all that they have, once, and nothing that nobody vouches for."""

import gzip
import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mini_buildd.archive import read_offers
from mini_buildd.db import models
from mini_buildd.deb.names import ArchivePath, MalformedName
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import (
    ImportImpossible,
    NotAllowed,
    NothingToDo,
    PackageRefused,
    ReadyMadeClosed,
)
from mini_buildd.flow import gather, publish
from mini_buildd.flow.change import SuiteChange
from mini_buildd.flow.import_archive import ArchiveImport, import_archive
from mini_buildd.tests.flow import foreign
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.foreign import Foreign
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.test_take import ADMIN, open_suites, pool
from mini_buildd.tests.packager import Packager


@pytest.fixture
def ready(bare: Scene) -> Scene:
    bare.set_up("amd64", "i386")
    open_suites(bare)
    return bare


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, packager: Packager) -> Foreign:
    return foreign.reprepro(tmp_path_factory.mktemp("theirs"), packager)


@pytest.fixture
def theirs(tmp_path: Path, made: Foreign) -> Foreign:
    """One of reprepro's, to do harm to."""
    return Foreign(shutil.copytree(made.root, tmp_path / "theirs"), made.packager)


BOTH = {"old": "stable", "new": "unstable"}


def take_over(
    scene: Scene,
    theirs: Foreign,
    suites: dict[str, str],
    *,
    keyring: Path | None = None,
    dry_run: bool = False,
    copies: bool = False,
) -> tuple[SuiteChange, ...]:
    mapped = {ArchivePath(name): scene.distribution(ours) for name, ours in suites.items()}
    wish = ArchiveImport(theirs.root, mapped, keyring, copies=copies)
    return import_archive(scene.site, ADMIN, wish, dry_run=dry_run)


def names(scene: Scene, suite: str, index: str) -> list[str]:
    """The files that an index names."""
    path = scene.site.tree("test").root / f"dists/trixie-test-{suite}/{index}.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    found = re.findall(r"^Filename: (\S+)$|^ \S+ \d+ (\S+\.dsc)$", text, re.MULTILINE)
    return sorted({(first or second).rpartition("/")[2] for first, second in found})


@pytest.mark.parametrize("copies", [False, True])
def test_all_of_reprepros_suites_are_ours_then(
    ready: Scene, theirs: Foreign, *, copies: bool
) -> None:
    told = take_over(ready, theirs, BOTH, keyring=theirs.keyring, dry_run=True)
    assert pool(ready) == []
    changes = take_over(ready, theirs, BOTH, keyring=theirs.keyring, copies=copies)
    assert [each.differences for each in told] == [each.differences for each in changes]
    assert [(each.distribution, each.number) for each in changes] == [
        ("trixie-test-stable", 1),
        ("trixie-test-unstable", 1),
    ]
    ready.publish_all()
    hello = "hello_1.0-1_amd64.deb"
    assert names(ready, "stable", "main/binary-amd64/Packages") == [hello]
    assert names(ready, "stable", "main/source/Sources") == ["hello_1.0-1.dsc"]
    assert names(ready, "unstable", "main/source/Sources") == ["hello_1.0-1.dsc"]
    for architecture in ("amd64", "i386"):
        found = names(ready, "unstable", f"contrib/binary-{architecture}/Packages")
        assert found == ["tool_1.0_all.deb"]
    udebs = names(ready, "unstable", "contrib/debian-installer/binary-i386/Packages")
    assert udebs == ["tool-udeb_1.0_i386.udeb"]
    sources = models.Source.objects.order_by("name")
    assert [(str(each), str(each.distribution)) for each in sources] == [
        ("hello 1.0-1", "trixie-test-stable"),
        ("tools 1.0", "trixie-test-unstable"),
    ]
    assert {each.origin for each in sources} == {f"imported from {theirs.root}"}
    assert "Priority: extra\nSection: utils\n" in sources[0].paragraph
    assert models.PoolFile.objects.count() == 7


def test_a_snapshot_of_aptly_is_imported_with_all_its_versions(
    ready: Scene, tmp_path: Path, packager: Packager
) -> None:
    theirs = foreign.aptly(tmp_path, packager)
    (change,) = take_over(ready, theirs, {"first": "unstable"}, keyring=theirs.keyring)
    assert [str(version) for version in change.differences[0].after] == ["1.0-2", "1.0-1"]
    publish.carry_out(ready.site, ready.distribution())
    assert names(ready, "unstable", "main/binary-amd64/Packages") == [
        "hello_1.0-1_amd64.deb",
        "hello_1.0-2_amd64.deb",
    ]


def test_importing_again_changes_nothing_and_what_is_new_comes_along(
    ready: Scene, theirs: Foreign
) -> None:
    take_over(ready, theirs, {"old": "unstable"})
    with pytest.raises(NothingToDo):
        take_over(ready, theirs, {"old": "unstable"})
    (change,) = take_over(ready, theirs, {"new": "unstable"})
    assert [each.source for each in change.differences] == ["tools"]
    assert ready.distribution().publications.count() == 2


def test_killed_between_any_two_effects_and_run_again_all_is_there_once(
    real: Scene, theirs: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution = real.distribution()
    models.DistributionArchitecture.objects.create(distribution=distribution, architecture="i386")
    open_suites(real)
    monkeypatch.setattr(gather, "_PART", 2)
    effects = 0
    while not runs_to_its_end(
        lambda: take_over(real, theirs, {"new": "unstable"}), effects=effects
    ):
        assert not models.SuiteEntry.objects.exists()
        effects += 4
    assert effects > 20, "it had effects"
    assert (models.Binary.objects.count(), models.SuiteEntry.objects.count()) == (4, 6)
    with pytest.raises(NothingToDo):
        take_over(real, theirs, {"new": "unstable"})


def test_it_is_an_administrators_part_and_the_suites(ready: Scene, theirs: Foreign) -> None:
    wish = ArchiveImport(theirs.root, {ArchivePath("old"): ready.distribution()}, None)
    with pytest.raises(NotAllowed):
        import_archive(ready.site, Actor("eve"), wish)
    models.Suite.objects.update(accepts_ready_made=False)
    with pytest.raises(ReadyMadeClosed):
        import_archive(ready.site, ADMIN, wish)


# --- what nobody vouches for ----------------------------------------------------------


def test_only_the_right_key_opens_it(
    ready: Scene, theirs: Foreign, stranger: Packager, tmp_path: Path
) -> None:
    assert stranger.fingerprint
    with pytest.raises(ImportImpossible, match="a signature by a key of"):
        take_over(ready, theirs, {"old": "unstable"}, keyring=stranger.public_key())
    release = theirs.root / "dists/old/InRelease"
    release.write_bytes(release.read_bytes().replace(b"Origin: us", b"Origin: me"))
    with pytest.raises(ImportImpossible, match="was changed after it was signed"):
        take_over(ready, theirs, {"old": "unstable"}, keyring=theirs.keyring)
    release.unlink()
    with pytest.raises(ImportImpossible, match="the suite old below"):
        take_over(ready, theirs, {"old": "unstable"}, keyring=theirs.keyring)
    (tmp_path / "no-key").write_bytes(b"nothing")
    with pytest.raises(ImportImpossible):
        take_over(ready, theirs, {"old": "unstable"}, keyring=tmp_path / "no-key")


def test_keys_may_come_in_binary_form_as_well(
    ready: Scene, theirs: Foreign, tmp_path: Path
) -> None:
    theirs.call("gpg", "--output", str(tmp_path / "k.gpg"), "--export", theirs.packager.fingerprint)
    keyring = tmp_path / "k.gpg"
    (change,) = take_over(ready, theirs, {"old": "unstable"}, keyring=keyring, dry_run=True)
    assert "hello" in [each.source for each in change.differences]


def _rewrite(theirs: Foreign, change: Callable[[str], str]) -> None:
    """Let all indexes of old say something else, and Release, unsigned, vouch for that."""
    folder = theirs.root / "dists/old"
    for packed in folder.rglob("*.gz"):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    lines = []
    for path in [*folder.rglob("Packages"), *folder.rglob("Sources")]:
        path.write_text(change(path.read_text()))
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        lines.append(f" {digest} {len(data)} {path.relative_to(folder)}\n")
    (folder / "InRelease").unlink()
    (folder / "Release").write_text("Codename: old\nSHA256:\n" + "".join(lines))


def _is_refused(scene: Scene, theirs: Foreign, said: str) -> None:
    with pytest.raises((ImportImpossible, PackageRefused), match=said):
        take_over(scene, theirs, {"old": "unstable"})
    assert not models.SuiteEntry.objects.exists()


def test_an_index_that_release_does_not_vouch_for_is_refused(ready: Scene, theirs: Foreign) -> None:
    for index in theirs.root.glob("dists/old/main/binary-amd64/Packages*"):
        index.write_bytes(index.read_bytes() + b"\n")
    _is_refused(ready, theirs, "but [0-9a-f]{64} in Release")


def test_a_file_that_the_index_does_not_vouch_for_is_refused(
    ready: Scene, theirs: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_offers, "_FEW", 1)
    (deb,) = theirs.root.glob("pool/main/h/hello/*amd64.deb")
    content = deb.read_bytes()
    deb.write_bytes(content.replace(b"Nothing more", b"Nothing less"))
    _is_refused(ready, theirs, "hello_1.0-1_amd64.deb: its SHA-256 is")
    deb.unlink()
    _is_refused(ready, theirs, "hello_1.0-1_amd64.deb: No such file")
    deb.write_bytes(content)
    (orig,) = theirs.root.glob("pool/main/h/hello/*.orig.tar.gz")
    orig.write_bytes(b"other")
    _is_refused(ready, theirs, "hello_1.0-1.dsc: its hello_1.0.orig.tar.gz with SHA-256")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Filename: pool", "Filename: ../../pool", "is not a path in an archive"),
        ("Filename: pool", "Filename: /etc", "is not a path in an archive"),
        ("Filename: pool", "Filename: pool/.hidden", "is not a path in an archive"),
        ("Directory: pool", "Directory: ../pool", "is not a path in an archive"),
        ("Package: hello\nVersion", "Package: goodbye\nVersion", "package name is hello"),
        ("Version: 1.0-1\nArch", "Version: 9.0-1\nArch", "version is 1.0-1"),
        ("Architecture: i386", "Architecture: amd64", "architecture is i386"),
        ("SHA256: ", "SHA256: ../", "is not a SHA-256 digest"),
        ("SHA256: ", "SHA1024: ", "says no sha256"),
        ("Filename: ", "Filename: x\nFilename: ", "twice"),
        (".deb\n", ".rpm\n", "neither a .deb nor a .udeb"),
    ],
)
def test_an_index_that_lies_is_refused(
    ready: Scene, theirs: Foreign, old: str, new: str, said: str
) -> None:
    _rewrite(theirs, lambda text: text.replace(old, new))
    _is_refused(ready, theirs, said)


def test_a_release_without_digests_is_refused(ready: Scene, theirs: Foreign) -> None:
    _rewrite(theirs, lambda text: text)
    release = theirs.root / "dists/old/Release"
    release.write_text(release.read_text().replace("SHA256:", "MD5Sum:"))
    _is_refused(ready, theirs, "names no index with SHA-256")


@pytest.mark.parametrize("name", ["../dists/old", "/etc", ".", "a//b", "", "a/../b"])
def test_a_suite_is_a_name_and_no_way_out(name: str) -> None:
    with pytest.raises(MalformedName):
        ArchivePath(name)


def test_architectures_that_the_suite_lacks_are_told(scene: Scene, theirs: Foreign) -> None:
    open_suites(scene)
    with pytest.raises(PackageRefused, match="hello for i386"):
        take_over(scene, theirs, {"old": "unstable"})


def test_suites_of_two_repositories_are_not_imported_at_once(ready: Scene, theirs: Foreign) -> None:
    repository = models.Repository.objects.create(name="other", layout=models.Layout.objects.get())
    ours = ready.distribution()
    other = models.Distribution.objects.create(
        repository=repository, base=ours.base, suite=ours.suite
    )
    wish = ArchiveImport(theirs.root, {ArchivePath("old"): ours, ArchivePath("new"): other}, None)
    with pytest.raises(ImportImpossible, match="one repository"):
        import_archive(ready.site, ADMIN, wish)
