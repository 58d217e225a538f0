"""The dry run: it says what an upload would come to, all at once, and changes nothing."""

import random

import pytest

from mini_buildd.db import models
from mini_buildd.domain.permission import Actor
from mini_buildd.flow.precheck import precheck
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.fuzz.change import change
from mini_buildd.tests.packager import Packager
from mini_buildd.wire.precheck import Precheck

SECOND = "1.0-1~test13+2"
NOBODY = Actor("")


def ask(
    scene: Scene, package: SourcePackage, *, with_dsc: bool = True, by: Packager | None = None
) -> Precheck:
    """The answer on *package*, of which nothing is sent."""
    files = package.upload(by or scene.packager)
    name = f"{package.stem}_source.changes"
    dsc = files[f"{package.stem}.dsc"] if with_dsc else None
    return precheck(scene.site, NOBODY, name, files[name], dsc)


@pytest.fixture
def no_base_archive(scene: Scene) -> None:
    """Nowhere to look for what an upload leaves out."""
    del scene
    models.AptSource.objects.all().delete()


def codes(answer: Precheck) -> list[str]:
    """What it would be rejected with."""
    return [fault.code for fault in answer.faults]


def test_what_would_be_accepted_is_told_with_its_builds_and_what_is_to_be_sent(
    scene: Scene,
) -> None:
    answer = ask(scene, SourcePackage(options=("build-profiles=nocheck", "priority=3")))
    assert answer.is_accepted
    assert answer.is_complete
    assert (answer.signer, answer.source, answer.version) == ("pat", "hello", "1.0-1~test13+1")
    assert (answer.repository, answer.component) == ("test", "main")
    assert [(job.architecture, job.builds_any) for job in answer.builds] == [("amd64", True)]
    assert (answer.profiles, answer.priority) == ("nocheck", 3)
    assert [file.name for file in answer.to_send] == [
        "hello_1.0-1~test13+1.dsc",
        "hello_1.0.orig.tar.gz",
        "hello_1.0-1~test13+1.debian.tar.xz",
    ]
    assert answer.in_pool == ()


def test_nothing_is_changed_by_asking(scene: Scene) -> None:
    before = models.Event.objects.count()
    ask(scene, SourcePackage())
    assert not models.Upload.objects.exists()
    assert not models.Source.objects.exists()
    assert not models.PoolFile.objects.exists()
    assert models.Event.objects.count() == before


def test_what_the_pool_has_need_not_be_sent(scene: Scene) -> None:
    scene.accepted()
    answer = ask(scene, SourcePackage(version=SECOND))
    assert answer.is_accepted
    assert [file.name for file in answer.in_pool] == ["hello_1.0.orig.tar.gz"]
    assert "hello_1.0.orig.tar.gz" not in [file.name for file in answer.to_send]


def test_what_the_pool_of_a_private_repository_has_is_told_to_its_uploaders_only(
    scene: Scene,
) -> None:
    scene.accepted()
    models.Repository.objects.update(is_private=True)
    assert ask(scene, SourcePackage(version=SECOND)).in_pool
    models.Grant.objects.all().delete()
    answer = ask(scene, SourcePackage(version=SECOND))
    assert answer.in_pool == ()
    assert "hello_1.0.orig.tar.gz" in [file.name for file in answer.to_send]


@pytest.mark.usefixtures("no_base_archive")
@pytest.mark.parametrize(
    "package",
    [
        SourcePackage(distribution="trixie-test-nowhere"),
        SourcePackage(distribution="trixie-test-stable"),
        SourcePackage(version="1.0-1"),
        SourcePackage(architecture="arm64"),
        SourcePackage(section="NONFREE/x"),
        SourcePackage(options=("nonsense=1",)),
        SourcePackage(more_in_dsc={"hello_1.0.html": b"<script>"}),
        SourcePackage(with_orig=False),
        SourcePackage(name="hello", orig=b"another"),
        SourcePackage(version="0.9-1~test13+1"),
        SourcePackage(),
        SourcePackage(version=SECOND),
        SourcePackage(version=SECOND, with_orig=False),
    ],
)
def test_the_first_fault_is_what_the_upload_is_rejected_with(
    scene: Scene, package: SourcePackage
) -> None:
    if package != SourcePackage(with_orig=False):
        scene.accepted()
    answer = ask(scene, package)
    upload = scene.take_in(package)
    assert codes(answer)[:1] == [upload.problem_code] * bool(upload.problem_code)
    assert answer.is_accepted == (upload.state == "accepted")


@pytest.mark.usefixtures("no_base_archive")
def test_all_that_is_wrong_is_told_at_once(scene: Scene) -> None:
    models.Grant.objects.all().delete()
    package = SourcePackage(version="1.0-1", architecture="arm64", with_orig=False)
    assert codes(ask(scene, package)) == [
        "signer-not-allowed",
        "version-against-rule",
        "nothing-to-build",
        "source-incomplete",
    ]


def test_without_the_dsc_the_rules_on_the_changes_are_asked(scene: Scene) -> None:
    answer = ask(scene, SourcePackage(version="1.0-1", architecture="arm64"), with_dsc=False)
    assert codes(answer) == ["version-against-rule"]
    assert not answer.is_complete
    fine = ask(scene, SourcePackage(), with_dsc=False)
    assert fine.is_accepted
    assert fine.builds == ()


def test_another_dsc_than_the_signed_one_is_told(scene: Scene) -> None:
    files = SourcePackage().upload(scene.packager)
    name = "hello_1.0-1~test13+1_source.changes"
    assert codes(precheck(scene.site, NOBODY, name, files[name], b"?")) == ["file-differs"]


def test_without_a_good_signature_nothing_else_is_told(scene: Scene, stranger: Packager) -> None:
    answer = ask(scene, SourcePackage(version="1.0-1"), by=stranger)
    assert codes(answer) == ["signer-unknown"]
    assert answer.source == ""


@pytest.mark.parametrize("name", ["../x.changes", "x.dsc", ""])
def test_what_is_not_called_like_a_changes_is_told(scene: Scene, name: str) -> None:
    files = SourcePackage().upload(scene.packager)
    changes = files["hello_1.0-1~test13+1_source.changes"]
    assert codes(precheck(scene.site, NOBODY, name, changes)) == ["changes-malformed"]


def test_what_the_base_release_may_have_is_told_to_be_looked_for(scene: Scene) -> None:
    answer = ask(scene, SourcePackage(with_orig=False))
    assert answer.is_accepted
    assert [file.name for file in answer.from_base] == ["hello_1.0.orig.tar.gz"]


def test_however_a_signed_text_is_changed_the_answer_is_on_what_was_signed(scene: Scene) -> None:
    """Or it is a refusal that tells nothing else."""
    package = SourcePackage()
    files = package.upload(scene.packager)
    name, dsc = f"{package.stem}_source.changes", files[f"{package.stem}.dsc"]
    good = precheck(scene.site, NOBODY, name, files[name], dsc)
    assert good.is_accepted
    refused = 0
    for number in range(80):
        changed = change(files[name], random.Random(number))  # noqa: S311  # inputs, not secrets
        answer = precheck(scene.site, NOBODY, name, changed, dsc)
        refused += not answer.is_accepted
        assert answer == good or (answer.signer, answer.source, answer.to_send) == ("", "", ())
    assert refused > 40
