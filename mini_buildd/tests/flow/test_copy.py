"""Copies: entries alone within a repository, files and rows as well into another one."""

import gzip

import pytest

from mini_buildd.archive.tree import changelog_path
from mini_buildd.db import models
from mini_buildd.deb.names import Component, SourceName
from mini_buildd.domain.permission import Actor, Role
from mini_buildd.domain.problem import (
    NotAllowed,
    NothingToDo,
    NoWayThere,
    PackageNotThere,
    PackageRefused,
    SuiteFrozen,
)
from mini_buildd.flow.change import SuiteChange
from mini_buildd.flow.copy import Copying, copy
from mini_buildd.flow.freeze import freeze
from mini_buildd.flow.take import take_ready_made
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.package import BinaryPackage, SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.test_take import ADMIN, open_suites, take

_CHANGELOG = {"usr/share/doc/hello/changelog.Debian.gz": gzip.compress(b"hello (1.0-1)")}


def other(scene: Scene) -> models.Distribution:
    """The same suite of another repository."""
    ours = scene.distribution()
    repository, _ = models.Repository.objects.get_or_create(name="mine", layout=ours.suite.layout)
    made, is_new = models.Distribution.objects.get_or_create(
        repository=repository, base=ours.base, suite=ours.suite
    )
    if is_new:
        made.architectures.create(architecture="amd64", builds_all=True)
    return made


def carry(
    scene: Scene, target: models.Distribution, *packages: str, dry_run: bool = False
) -> tuple[SuiteChange, ...]:
    wish = Copying(scene.distribution(), packages or ("hello",), target, "wanted there")
    return copy(scene.site, ADMIN, wish, dry_run=dry_run, force=True)


@pytest.fixture
def filled(scene: Scene) -> Scene:
    """Hello is in unstable, with its changelog."""
    open_suites(scene)
    source = scene.accepted()
    (task,) = scene.assign()
    version = source.version
    deb = BinaryPackage(version=version, files=_CHANGELOG)
    scene.report(task, scene.build(task, {deb.file_name: deb.make(scene.home / "scratch")}))
    scene.publish_all()
    return scene


def index(scene: Scene, distribution: models.Distribution, path: str) -> str:
    root = scene.site.tree(distribution.repository.name).root
    return gzip.decompress((root / "dists" / distribution.name / path).read_bytes()).decode()


def test_within_a_repository_only_the_suite_changes(filled: Scene) -> None:
    before = (models.Source.objects.count(), models.PoolFile.objects.count())
    (change,) = carry(filled, filled.distribution("experimental"))
    assert [each.source for each in change.differences] == ["hello"]
    filled.publish_all()
    assert (models.Source.objects.count(), models.PoolFile.objects.count()) == before
    found = index(filled, filled.distribution("experimental"), "main/binary-amd64/Packages.gz")
    assert "Package: hello\n" in found
    publication = filled.distribution("experimental").publications.first()
    assert publication is not None
    assert (publication.kind, publication.reason) == ("copy", "wanted there")


def test_another_repository_gets_files_and_rows_of_its_own(filled: Scene) -> None:
    target = other(filled)
    told = carry(filled, target, dry_run=True)
    tree = filled.site.tree("mine").root
    assert not (tree / "pool").exists()
    assert models.Source.objects.count() == 1
    changes = carry(filled, target)
    assert [each.differences for each in told] == [each.differences for each in changes]
    filled.publish_all()
    for path in ("main/binary-amd64/Packages.gz", "main/source/Sources.gz"):
        assert index(filled, target, path) == index(filled, filled.distribution(), path) != ""
    copied = models.Source.objects.get(distribution=target)
    assert (copied.origin, copied.upload) == ("copied from trixie-test-unstable", None)
    assert (copied.files.count(), copied.binaries.count()) == (3, 1)
    assert index(filled, target, "main/Contents-amd64.gz").endswith("  utils/hello\n")
    for row in models.PoolFile.objects.filter(repository=target.repository):
        assert (tree / row.path).stat().st_nlink > 1
    path = changelog_path(Component("main"), SourceName("hello"), copied.version)
    assert (tree / path).read_bytes() == b"hello (1.0-1)"
    with pytest.raises(NothingToDo):
        carry(filled, target)


def test_and_back_again_it_is_what_it_was(filled: Scene) -> None:
    target = other(filled)
    carry(filled, target)
    wish = Copying(target, ["hello"], filled.distribution("experimental"))
    copy(filled.site, ADMIN, wish, force=True)
    source = models.Source.objects.get(upload__isnull=False)
    entries = models.SuiteEntry.objects.filter(distribution=filled.distribution("experimental"))
    assert {entry.source_id for entry in entries} == {source.pk}
    assert entries.count() == 2


def test_the_same_version_with_other_content_is_refused(filled: Scene) -> None:
    target = other(filled)
    version = filled.distribution().sources.get().version
    strange = BinaryPackage(version=version, content="other").put(filled.home / "in")
    take_ready_made(filled.site, ADMIN, target, [strange], "vendor")
    with pytest.raises(PackageRefused, match="is there already with SHA-256"):
        carry(filled, target)


def test_where_nothing_can_be_copied(filled: Scene) -> None:
    with pytest.raises(NoWayThere, match="twice"):
        carry(filled, filled.distribution())
    with pytest.raises(PackageNotThere):
        carry(filled, other(filled), "nothing")
    wish = Copying(filled.distribution(), ["hello"], other(filled))
    with pytest.raises(NotAllowed):
        copy(filled.site, Actor("eve"), wish)
    base = models.Base.objects.create(codename="sid", vendor="Debian", version_code="~SID")
    elsewhere = models.Distribution.objects.create(
        repository=other(filled).repository, base=base, suite=other(filled).suite
    )
    with pytest.raises(NoWayThere, match="is for"):
        carry(filled, elsewhere)
    freeze(filled.site, ADMIN, other(filled), reason="release")
    with pytest.raises(SuiteFrozen):
        carry(filled, other(filled))
    assert not (filled.site.tree("mine").root / "pool").exists()


def test_an_older_version_is_not_copied_over_a_later_one(filled: Scene) -> None:
    take(filled, BinaryPackage("tool", "1.0").put(filled.home / "in"))
    carry(filled, other(filled), "tool")
    take(filled, BinaryPackage("tool", "2.0").put(filled.home / "in"))
    carry(filled, filled.distribution("experimental"), "tool")
    wish = Copying(other(filled), ["tool"], filled.distribution("experimental"))
    with pytest.raises(NoWayThere, match="later than"):
        copy(filled.site, ADMIN, wish, force=True)


def test_killed_between_any_two_effects_and_run_again_it_is_copied_once(real: Scene) -> None:
    target, effects = other(real), 0
    while True:
        version = f"1.0-1~test13+{effects + 1}"
        real.published(SourcePackage(version=version))
        came_to_its_end = runs_to_its_end(lambda: carry(real, target), effects=effects)
        if not came_to_its_end:
            carry(real, target)
        copied = models.Source.objects.get(distribution=target, version=version)
        assert (copied.files.count(), copied.entries.count()) == (3, 2), effects
        if came_to_its_end:
            break
        effects += 6
    assert effects > 20, "it had effects"
    real.publish_all()
    assert version in index(real, target, "main/source/Sources.gz")


def test_nobody_copies_out_of_a_private_repository_that_is_not_shown_to_them(
    filled: Scene,
) -> None:
    target = other(filled)
    models.Repository.objects.filter(name="test").update(is_private=True)
    wish = Copying(filled.distribution(), ("hello",), target)
    olga = Actor("olga", roles=(("mine", Role.OWNER),))
    with pytest.raises(NotAllowed):
        copy(filled.site, olga, wish, dry_run=True, force=True)
    reader = Actor("olga", roles=(("mine", Role.OWNER), ("test", Role.READER)))
    assert copy(filled.site, reader, wish, dry_run=True, force=True)
