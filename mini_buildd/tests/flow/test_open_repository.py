"""Which signatures an upload must have: by its repository's policy, and none if that is open."""

import hashlib
from dataclasses import replace

import pytest

from mini_buildd.config.settings import Mail
from mini_buildd.db import models
from mini_buildd.domain.permission import Actor
from mini_buildd.flow import sweep
from mini_buildd.flow.announce import announce
from mini_buildd.flow.precheck import precheck
from mini_buildd.flow.receive import receive
from mini_buildd.tests.flow.package import Files, SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.packager import Packager

CHANGES = "hello_1.0-1~test13+1_source.changes"
DSC = "hello_1.0-1~test13+1.dsc"


@pytest.fixture
def open_scene(scene: Scene) -> Scene:
    """An instance whose repository is open."""
    models.Repository.objects.update(is_open=True)
    return scene


def taken(scene: Scene, files: Files) -> models.Upload:
    """What becomes of an upload of *files*."""
    arrival = scene.send(files)[CHANGES]
    sweep.take_in(scene.site, lambda _: False)
    return models.Upload.objects.get(token=arrival.token)


def unsigned(scene: Scene, package: SourcePackage | None = None) -> Files:
    """An upload that nobody has signed."""
    package = package or SourcePackage()
    return {**package.upload(scene.packager), CHANGES: package.changes().encode()}


def with_dsc(package: SourcePackage, dsc: bytes, by: Packager) -> Files:
    """An upload of *package* with the signed *dsc*, the .changes signed for it."""
    plain = package.source_files()[DSC]
    text = package.changes().encode()
    for digest in ("md5", "sha256"):
        text = text.replace(_hex(digest, plain), _hex(digest, dsc))
    text = text.replace(b" %d " % len(plain), b" %d " % len(dsc))
    return {**package.upload(by), DSC: dsc, CHANGES: by.sign(text)}


def _hex(kind: str, data: bytes) -> bytes:
    return hashlib.new(kind, data, usedforsecurity=False).hexdigest().encode()


def test_an_open_repository_takes_what_nobody_has_signed(open_scene: Scene) -> None:
    upload = taken(open_scene, unsigned(open_scene))
    assert upload.state == "accepted"
    assert (upload.signed_by, upload.signer, upload.signer_fingerprint) == (None, "", "")


def test_a_strangers_signature_is_as_good_as_none_there(
    open_scene: Scene, stranger: Packager
) -> None:
    package = SourcePackage()
    dsc = stranger.sign(package.source_files()[DSC])
    upload = taken(open_scene, with_dsc(package, dsc, stranger))
    assert upload.state == "accepted", upload.found
    assert upload.signed_by is None
    source = upload.source
    assert "BEGIN PGP" not in source.paragraph


def test_the_owner_of_a_known_key_is_told_there_too(open_scene: Scene) -> None:
    assert open_scene.accepted().upload.signed_by is not None  # type: ignore[union-attr]  # uploaded


def test_a_signature_that_does_not_hold_is_refused_there_too(open_scene: Scene) -> None:
    files = SourcePackage().upload(open_scene.packager)
    files[CHANGES] = files[CHANGES].replace(b"* New.", b"* Evil.")
    assert taken(open_scene, files).problem_code == "signature-bad"


@pytest.mark.parametrize("more", [b"\n-----BEGIN PGP SIGNATURE-----\n", b"Source: other\n"])
def test_text_beside_a_signed_one_is_refused_there_too(open_scene: Scene, more: bytes) -> None:
    files = SourcePackage().upload(open_scene.packager)
    files[CHANGES] += more
    assert taken(open_scene, files).problem_code == "signature-missing"


def test_all_other_rules_hold_there(open_scene: Scene) -> None:
    files = unsigned(open_scene, SourcePackage(urgency="soon"))
    assert taken(open_scene, files).problem_code == "urgency-unknown"


def test_nobody_gets_mail_on_what_nobody_has_signed(open_scene: Scene) -> None:
    package = SourcePackage(architecture="arm64")
    assert taken(open_scene, unsigned(open_scene, package)).problem_code == "nothing-to-build"
    mail = replace(open_scene.settings, mail=Mail(host="127.0.0.1", port=9))
    open_scene.use(mail)
    assert announce(open_scene.site) == 0


def test_only_the_archive_itself_brings_its_keyring_there(open_scene: Scene) -> None:
    package = SourcePackage(name="example-archive-keyring")
    name = f"{package.stem}_source.changes"
    files = {**package.upload(open_scene.packager), name: package.changes().encode()}
    arrival = open_scene.send(files)[name]
    sweep.take_in(open_scene.site, lambda _: False)
    assert models.Upload.objects.get(token=arrival.token).problem_code == "source-reserved"


def test_elsewhere_an_unsigned_one_is_refused(scene: Scene) -> None:
    layout = models.Repository.objects.get().layout
    models.Repository.objects.create(name="other", layout=layout, is_open=True)
    assert taken(scene, unsigned(scene)).problem_code == "signature-missing"


def test_one_that_closes_while_an_upload_waits_takes_it_no_more(open_scene: Scene) -> None:
    upload = taken_later(open_scene)
    models.Repository.objects.update(is_open=False)
    sweep.take_in(open_scene.site, lambda _: False)
    assert models.Upload.objects.get(pk=upload.pk).problem_code == "signature-missing"


def taken_later(scene: Scene) -> models.Upload:
    """An unsigned upload that was received only."""
    arrival = scene.send(unsigned(scene))[CHANGES]
    receive(scene.site, arrival, is_final=True)
    return models.Upload.objects.get(token=arrival.token)


def test_where_both_must_be_signed_the_changes_alone_is_not_enough(scene: Scene) -> None:
    models.Repository.objects.update(signature_policy="both")
    upload = scene.take_in()
    assert upload.problem_code == "signature-missing"
    assert DSC in upload.expected
    package = SourcePackage()
    dsc = scene.packager.sign(package.source_files()[DSC])
    assert taken(scene, with_dsc(package, dsc, scene.packager)).state == "accepted"


def test_a_signature_of_the_dsc_is_checked_wherever_there_is_one(
    scene: Scene, stranger: Packager
) -> None:
    package = SourcePackage()
    good = scene.packager.sign(package.source_files()[DSC])
    for dsc, code in (
        (stranger.sign(package.source_files()[DSC]), "signer-unknown"),
        (good.replace(b"Architecture: any", b"Architecture: all"), "signature-bad"),
        (b"Source: evil\n\n" + good, "signature-missing"),
    ):
        assert taken(scene, with_dsc(package, dsc, scene.packager)).problem_code == code


def test_a_signed_dsc_is_not_enough_by_itself(scene: Scene) -> None:
    """Whoever has it from an archive could bring it to any suite."""
    package = SourcePackage()
    dsc = scene.packager.sign(package.source_files()[DSC])
    files = with_dsc(package, dsc, scene.packager)
    text = files[CHANGES].split(b"\n\n", 1)[1].split(b"-----BEGIN", 1)[0]
    assert taken(scene, {**files, CHANGES: text}).problem_code == "signature-missing"


def test_before_signing_who_may_see_the_repository_is_told_what_else_is_wrong(
    scene: Scene,
) -> None:
    package = SourcePackage(architecture="arm64")
    files = unsigned(scene, package)

    def codes(actor: Actor) -> list[str]:
        answer = precheck(scene.site, actor, CHANGES, files[CHANGES], files[DSC])
        return [fault.code for fault in answer.faults]

    both = ["signature-missing", "nothing-to-build"]
    assert codes(Actor("gil")) == both
    assert codes(Actor("")) == both[:1]
    models.Repository.objects.update(is_private=True)
    assert codes(Actor("gil")) == both[:1]
    assert codes(Actor("ada", is_admin=True)) == both
