"""Keyrings that others keep: whoever is in one may upload what it was given, without an account."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from mini_buildd.db import models
from mini_buildd.db.queries.queue import job_details
from mini_buildd.domain.permission import Actor, Role
from mini_buildd.flow import sweep
from mini_buildd.flow.approve_key import refuse_key
from mini_buildd.flow.submit_key import submit_key
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.shelf import ADMIN
from mini_buildd.tests.packager import Packager

SECOND = "1.0-1~test13+2"


def write_keyring(path: Path, *people: Packager) -> None:
    """The keys of *people* one after the other, as Debian's keyrings have them."""
    parts = [
        subprocess.run(
            ["gpg", "--homedir", str(each.gnupg), "--export", each.fingerprint],
            check=True,
            capture_output=True,
        ).stdout
        for each in people
    ]
    path.write_bytes(b"".join(parts))


@pytest.fixture
def ring(scene: Scene, stranger: Packager, tmp_path: Path) -> models.TrustedKeyring:
    """A keyring with the stranger's key, which may upload to test."""
    path = tmp_path / "friends.gpg"
    write_keyring(path, stranger)
    row = models.TrustedKeyring.objects.create(name="friends", path=str(path))
    grant(scene, row)
    return row


def grant(scene: Scene, row: models.TrustedKeyring, **more: object) -> models.Grant:
    """A right of *row*'s keys."""
    repository = scene.distribution().repository
    return models.Grant.objects.create(
        keyring=row, repository=repository, role=Role.UPLOADER, **more
    )


def sent(scene: Scene, packager: Packager, package: SourcePackage | None = None) -> models.Upload:
    """An upload that *packager* has signed, taken in."""
    *_, arrival = scene.send((package or SourcePackage()).upload(packager)).values()
    sweep.take_in(scene.site, lambda _: False)
    return models.Upload.objects.get(token=arrival.token)


@dataclass
class Sponsored(SourcePackage):
    """A source package whose .dsc its *author* has signed."""

    author: Packager | None = None
    _signed: dict[str, bytes] = field(default_factory=dict)

    def source_files(self) -> dict[str, bytes]:
        """The same files every time, the .dsc first."""
        if not self._signed and self.author is not None:
            files = super().source_files()
            dsc = f"{self.stem}.dsc"
            self._signed = {**files, dsc: self.author.sign(files[dsc])}
        return dict(self._signed)


def outcome(upload: models.Upload) -> str:
    """Accepted, or why not."""
    return upload.problem_code or upload.state


@pytest.mark.usefixtures("ring")
def test_who_is_in_a_keyring_needs_no_account_and_is_told_by_the_user_id(
    scene: Scene, stranger: Packager
) -> None:
    upload = sent(scene, stranger)
    assert outcome(upload) == "accepted"
    assert upload.signer == "Some Stranger <s@example.test> (friends)"
    assert upload.signer_fingerprint == stranger.fingerprint
    assert upload.signed_by is None


def test_a_keyring_lets_nobody_in_by_itself_or_when_it_is_switched_off(
    scene: Scene, ring: models.TrustedKeyring, stranger: Packager
) -> None:
    models.Grant.objects.filter(keyring=ring).delete()
    assert outcome(sent(scene, stranger)) == "signer-not-allowed"
    models.TrustedKeyring.objects.update(is_active=False)
    assert outcome(sent(scene, stranger)) == "signer-unknown"


def test_a_key_that_was_taken_out_of_the_file_counts_no_more(
    scene: Scene, ring: models.TrustedKeyring, stranger: Packager, packager: Packager
) -> None:
    assert outcome(sent(scene, stranger)) == "accepted"
    write_keyring(Path(ring.path), packager)
    assert outcome(sent(scene, stranger, SourcePackage(version=SECOND))) == "signer-unknown"


def test_a_keyring_that_is_gone_or_broken_lets_nobody_in_and_keeps_nobody_out(
    scene: Scene, ring: models.TrustedKeyring, stranger: Packager
) -> None:
    Path(ring.path).write_bytes(b"Hello")
    assert outcome(sent(scene, stranger)) == "signer-unknown"
    Path(ring.path).unlink()
    assert outcome(sent(scene, stranger)) == "signer-unknown"
    assert outcome(scene.take_in()) == "accepted"


def test_permissions_say_which_source_packages_each_key_may_upload(
    scene: Scene, ring: models.TrustedKeyring, stranger: Packager, tmp_path: Path
) -> None:
    path = tmp_path / "dm.txt"
    ring.permissions = str(path)
    ring.save()
    assert outcome(sent(scene, stranger)) == "signer-not-allowed", "there is no such file"
    path.write_text(f"Fingerprint: {stranger.fingerprint}\nAllow: hello ({'A' * 40}), other\n")
    assert outcome(sent(scene, stranger)) == "accepted"
    assert outcome(sent(scene, stranger, SourcePackage("third"))) == "signer-not-allowed"
    models.Grant.objects.filter(keyring=ring).update(sources="oth* lib*")
    package = SourcePackage(version=SECOND)
    assert outcome(sent(scene, stranger, package)) == "signer-not-allowed", "both must allow it"
    assert outcome(sent(scene, stranger, SourcePackage("other"))) == "accepted"


def test_a_right_may_be_for_one_key_of_a_keyring_only(
    scene: Scene, ring: models.TrustedKeyring, stranger: Packager
) -> None:
    models.Grant.objects.filter(keyring=ring).update(fingerprint="C" * 40)
    assert outcome(sent(scene, stranger)) == "signer-not-allowed"
    models.Grant.objects.filter(keyring=ring).update(fingerprint=stranger.fingerprint)
    assert outcome(sent(scene, stranger)) == "accepted"


def test_an_account_may_what_it_was_given_and_what_its_key_may_by_a_keyring(
    scene: Scene, ring: models.TrustedKeyring, packager: Packager
) -> None:
    models.Grant.objects.filter(user__isnull=False).delete()
    write_keyring(Path(ring.path), packager)
    upload = scene.take_in()
    assert (outcome(upload), upload.signer) == ("accepted", "pat")


def test_a_key_that_is_not_trusted_here_is_not_let_in_by_a_keyring(
    scene: Scene, ring: models.TrustedKeyring, packager: Packager
) -> None:
    write_keyring(Path(ring.path), packager)
    models.OpenPGPKey.objects.update(is_active=False)
    assert outcome(scene.take_in()) == "signer-unknown"
    models.OpenPGPKey.objects.update(is_active=True)
    refuse_key(scene.site, ADMIN, packager.fingerprint, "was stolen")
    assert outcome(scene.take_in()) == "signer-unknown"


def test_who_claims_the_key_of_another_does_not_shut_that_one_out(
    scene: Scene, ring: models.TrustedKeyring, stranger: Packager
) -> None:
    User.objects.create_user("mallory")
    armored = stranger.public_key().read_text(encoding="ascii")
    submit_key(scene.site, Actor("mallory"), "mallory", armored)
    assert outcome(sent(scene, stranger)) == "accepted"
    refuse_key(scene.site, ADMIN, stranger.fingerprint, "not yours")
    upload = sent(scene, stranger, SourcePackage(version=SECOND))
    assert (outcome(upload), upload.signer) == (
        "accepted",
        f"Some Stranger <s@example.test> ({ring})",
    )


def test_to_close_the_account_that_claimed_it_does_not_shut_its_owner_out(
    scene: Scene, ring: models.TrustedKeyring, stranger: Packager
) -> None:
    mallory = User.objects.create_user("mallory")
    armored = stranger.public_key().read_text(encoding="ascii")
    submit_key(scene.site, Actor("mallory"), "mallory", armored)
    User.objects.filter(pk=mallory.pk).update(is_active=False)
    assert outcome(sent(scene, stranger)) == "accepted", str(ring)
    models.OpenPGPKey.objects.filter(user=mallory).update(approved_at=scene.clock())
    upload = sent(scene, stranger, SourcePackage(version=SECOND))
    assert outcome(upload) == "signer-unknown", "it was that account's"


def test_who_sponsors_an_upload_leaves_its_dsc_signed_by_somebody_of_a_keyring(
    scene: Scene, ring: models.TrustedKeyring, stranger: Packager
) -> None:
    models.Grant.objects.filter(keyring=ring).delete()
    assert outcome(scene.take_in(Sponsored(author=stranger))) == "accepted"
    models.TrustedKeyring.objects.update(is_active=False)
    package = Sponsored(version=SECOND, author=stranger)
    assert outcome(scene.take_in(package)) == "signer-unknown"


@pytest.mark.usefixtures("ring")
def test_jobs_of_one_key_are_one_persons_to_the_queue(scene: Scene, stranger: Packager) -> None:
    sent(scene, stranger)
    sent(scene, stranger, SourcePackage("other"))
    scene.accepted(SourcePackage("third"))
    jobs = models.Job.objects.order_by("pk").values_list("pk", flat=True)
    assert [each.uploader for each in job_details(jobs)] == [
        stranger.fingerprint,
        stranger.fingerprint,
        "pat",
    ]
