"""Receiving: an upload is whole, or waits, or is rejected, and in each case once."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import IntegrityError

from mini_buildd.db import models
from mini_buildd.deb.names import PlainFilename
from mini_buildd.flow import sweep
from mini_buildd.flow.receive import receive
from mini_buildd.tests.flow.package import Files, SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.threads import at_once
from mini_buildd.tests.packager import Packager

CHANGES = "hello_1.0-1~test13+1_source.changes"


def spooled(scene: Scene) -> list[str]:
    """The names of all that lies in the spool."""
    return sorted(path.name for path in (scene.site.places.spool / "files").iterdir())


def test_it_waits_while_its_sender_may_still_send(scene: Scene) -> None:
    files = SourcePackage().upload(scene.packager)
    orig = {"hello_1.0.orig.tar.gz": files.pop("hello_1.0.orig.tar.gz")}
    arrival = scene.send(files)[CHANGES]
    assert receive(scene.site, arrival, is_final=False) == []
    assert not models.Upload.objects.exists()
    scene.send(orig)
    assert receive(scene.site, arrival, is_final=False) == ["upload.arrived"]
    assert models.Upload.objects.get().state == "received"
    assert not spooled(scene)


def test_once_nothing_can_follow_what_is_missing_is_named(scene: Scene) -> None:
    files = SourcePackage().upload(scene.packager)
    del files["hello_1.0.orig.tar.gz"]
    assert receive(scene.site, scene.send(files)[CHANGES], is_final=True) == ["upload.rejected"]
    upload = models.Upload.objects.get()
    assert (upload.problem_code, upload.source_name) == ("file-missing", "hello")
    assert "hello_1.0.orig.tar.gz" in upload.expected


def test_a_file_that_was_cut_waits_for_a_whole_one_and_is_told_in_the_end(scene: Scene) -> None:
    files = SourcePackage().upload(scene.packager)
    files["hello_1.0.orig.tar.gz"] = b"upstr"
    arrival = scene.send(files)[CHANGES]
    assert receive(scene.site, arrival, is_final=False) == []
    receive(scene.site, arrival, is_final=True)
    assert models.Upload.objects.get().problem_code == "file-differs"


def test_among_files_of_one_name_the_signed_one_is_taken(scene: Scene) -> None:
    scene.send({"hello_1.0.orig.tar.gz": b"of somebody else"})
    arrival = scene.upload()
    receive(scene.site, arrival, is_final=True)
    upload = models.Upload.objects.get()
    folder = scene.site.spool.upload(upload.token)
    assert (folder / "hello_1.0.orig.tar.gz").read_bytes() == b"upstream"
    assert spooled(scene) == ["hello_1.0.orig.tar.gz"], "the other one stays for its owner"


def _no_signature(scene: Scene, other: Packager) -> Files:
    del scene, other
    return {CHANGES: SourcePackage().changes().encode()}


def _stranger(scene: Scene, other: Packager) -> Files:
    del scene
    return SourcePackage().upload(other)


def _changed(scene: Scene, other: Packager) -> Files:
    del other
    files = SourcePackage().upload(scene.packager)
    return {**files, CHANGES: files[CHANGES].replace(b"* New.", b"* Evil.")}


def _no_control_data(scene: Scene, other: Packager) -> Files:
    del other
    return {CHANGES: scene.packager.sign(b"Source: hello\nSource: hello\n")}


def _huge(scene: Scene, other: Packager) -> Files:
    del scene, other
    return {CHANGES: b"x" * (5 << 20)}


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (_no_signature, "signature-missing"),
        (_stranger, "signer-unknown"),
        (_changed, "signature-bad"),
        (_no_control_data, "changes-malformed"),
        (_huge, "signature-missing"),
    ],
)
def test_what_nobody_known_has_signed_is_rejected_at_once(
    scene: Scene, stranger: Packager, make: Callable[[Scene, Packager], Files], code: str
) -> None:
    arrival = scene.send(make(scene, stranger))[CHANGES]
    assert receive(scene.site, arrival, is_final=False) == ["upload.rejected"]
    assert models.Upload.objects.get().problem_code == code


def test_taken_again_after_a_crash_before_the_tidying_up_it_enters_once(scene: Scene) -> None:
    files = SourcePackage().upload(scene.packager)
    arrived = scene.send(files)
    kept = scene.home / "kept"
    shutil.copytree(scene.site.places.spool / "files", kept)
    receive(scene.site, arrived[CHANGES], is_final=True)
    shutil.copytree(kept, scene.site.places.spool / "files", dirs_exist_ok=True)
    assert receive(scene.site, arrived[CHANGES], is_final=True) == []
    assert models.Upload.objects.count() == models.Event.objects.count() == 1
    assert CHANGES not in spooled(scene)


def test_files_stay_until_their_upload_is_in_the_rows(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An IntegrityError does not always mean that somebody was faster."""
    arrival = scene.upload()

    def refuse(*_: object, **__: object) -> None:
        raise IntegrityError("the signer's key was removed just now")

    with monkeypatch.context() as patch:
        patch.setattr(models.Upload, "save", refuse)
        with pytest.raises(IntegrityError):
            receive(scene.site, arrival, is_final=True)
    assert receive(scene.site, arrival, is_final=True) == ["upload.arrived"]


def test_two_threads_that_receive_the_same_enter_it_once(real: Scene) -> None:
    arrival = real.upload()

    def take() -> None:
        receive(real.site, arrival, is_final=True)

    at_once(take, take)
    upload = models.Upload.objects.get()
    assert models.Event.objects.count() == 1
    assert len(list(real.site.spool.upload(upload.token).iterdir())) == 4


def test_one_fault_keeps_no_other_upload_waiting(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    first = scene.upload()
    scene.upload(SourcePackage("other"))
    first.path.chmod(0)
    sweep.take_in(scene.site, lambda _: False)
    assert "receive failed" in caplog.text
    assert list(models.Source.objects.values_list("name", flat=True)) == ["other"]
    first.path.chmod(0o600)
    sweep.take_in(scene.site, lambda _: False)
    assert models.Source.objects.count() == 2


def test_the_list_of_a_changes_cannot_name_itself_or_a_path(scene: Scene) -> None:
    for name in (CHANGES, "../hello_1.0.tar.gz"):
        text = SourcePackage(more={name: b"?"}).changes()
        receive(
            scene.site,
            scene.send({CHANGES: scene.packager.sign(text.encode())})[CHANGES],
            is_final=False,
        )
    codes = models.Upload.objects.values_list("problem_code", flat=True)
    assert list(codes) == ["changes-malformed"] * 2
    assert not (scene.site.places.spool / "hello_1.0.tar.gz").exists()
    assert scene.site.spool.named(PlainFilename("hello_1.0.tar.gz")) == []
    assert not list(Path(scene.site.places.spool, "uploads").iterdir())


def test_a_file_is_hashed_once_however_often_it_is_looked_at(scene: Scene) -> None:
    files = SourcePackage(orig=b"u" * 100_000).upload(scene.packager)
    dsc = files.pop("hello_1.0-1~test13+1.dsc")
    rest = {name: files.pop(name) for name in [*files][-2:-1]}
    arrival = scene.send(files)[CHANGES]
    for _ in range(5):
        receive(scene.site, arrival, is_final=False)
    scene.send({"hello_1.0-1~test13+1.dsc": dsc})
    for _ in range(5):
        receive(scene.site, arrival, is_final=False)
    scene.send(rest)
    sweep.take_in(scene.site, lambda _: False)
    assert models.Upload.objects.get().state == "accepted"
    whole = len(dsc) + sum(map(len, files.values())) + sum(map(len, rest.values()))
    assert scene.site.digests.hashed_bytes == whole - len(files[CHANGES])


def test_what_the_pool_has_already_need_not_be_sent(scene: Scene) -> None:
    scene.accepted()
    package = SourcePackage(version="1.0-1~test13+2")
    files = package.upload(scene.packager)
    del files["hello_1.0.orig.tar.gz"]  # though the .changes lists it
    name = f"{package.stem}_source.changes"
    arrival = scene.send(files)[name]
    assert receive(scene.site, arrival, is_final=False) == [], "it may still come"
    sweep.take_in(scene.site, lambda _: False)
    upload = models.Upload.objects.get(token=arrival.token)
    assert upload.state == "accepted"
    assert upload.source.files.filter(file__name="hello_1.0.orig.tar.gz").exists()


def test_another_than_the_pool_has_must_be_sent(scene: Scene) -> None:
    scene.accepted()
    package = SourcePackage(version="1.0-1~test13+2", orig=b"another")
    files = package.upload(scene.packager)
    del files["hello_1.0.orig.tar.gz"]
    arrival = scene.send(files)[f"{package.stem}_source.changes"]
    sweep.take_in(scene.site, lambda _: False)
    assert models.Upload.objects.get(token=arrival.token).problem_code == "file-missing"


def test_a_large_file_is_hashed_by_somebody_else_while_other_uploads_go_on(scene: Scene) -> None:
    """Later ones of the same source wait, so that they stay in order."""
    large = SourcePackage(orig=bytes(33 << 20))
    first = scene.upload(large)
    later = scene.upload(SourcePackage(version="1.0-1~test13+2", orig=large.orig))
    other = scene.upload(SourcePackage("other"))
    sweep.take_in(scene.site, lambda _: False)
    assert [row.token for row in models.Upload.objects.all()] == [other.token]
    assert scene.site.digests.is_wanting()
    assert scene.site.digests.hash_wanted() == 1
    sweep.take_in(scene.site, lambda _: False)
    assert scene.site.digests.hash_wanted() == 1, "each has sent a file of its own"
    sweep.take_in(scene.site, lambda _: False)
    rows = models.Upload.objects.order_by("id")
    assert [row.token for row in rows] == [other.token, first.token, later.token]
    assert {row.state for row in rows} == {"accepted"}


def test_a_large_file_that_is_another_is_told_once_it_is_hashed(scene: Scene) -> None:
    files = SourcePackage(orig=bytes(33 << 20)).upload(scene.packager)
    files["hello_1.0.orig.tar.gz"] = bytes(33 << 20)[:-1] + b"x"
    scene.send(files)
    sweep.take_in(scene.site, lambda _: False)
    assert not models.Upload.objects.exists()
    scene.site.digests.hash_wanted()
    sweep.take_in(scene.site, lambda _: False)
    assert models.Upload.objects.get().problem_code == "file-differs"
