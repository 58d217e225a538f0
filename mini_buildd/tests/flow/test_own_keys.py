"""Keys by people themselves: given, approved, brought up to date, revoked, refused, removed."""

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from mini_buildd.db import models
from mini_buildd.db.queries.uploader_keys import list_keys
from mini_buildd.domain.permission import SELF, Actor, Role
from mini_buildd.domain.problem import (
    NotAllowed,
    NothingToDo,
    Problem,
    UploaderKeyTaken,
    UploaderKeyUnfit,
    UploaderKeyUnknown,
)
from mini_buildd.flow import sweep
from mini_buildd.flow.approve_key import approve_key, refuse_key
from mini_buildd.flow.remove_key import remove_key
from mini_buildd.flow.submit_key import submit_key
from mini_buildd.flow.uploader_keys import watch_uploader_keys
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.keys.people import Person, make_person

ADMIN = Actor("root", is_admin=True)
EVE, MALLORY = Actor("eve"), Actor("mallory")


@pytest.fixture
def eve(scene: Scene, short_folder: Path) -> Iterator[Person]:
    """Somebody with an account, a right to upload, and a key that nobody knows yet."""
    user = User.objects.create_user("eve", "eve@example.invalid")
    User.objects.create_user("mallory")
    repository = scene.distribution().repository
    models.Grant.objects.create(user=user, repository=repository, role=Role.UPLOADER)
    person = make_person(
        Path(tempfile.mkdtemp(dir=short_folder)) / "g", "Eve Example <eve@example.invalid>"
    )
    yield person
    person.close()


def sent(scene: Scene, eve: Person, version: str = "1.0-1~test13+1") -> str:
    """What becomes of an upload signed by *eve*."""
    package = SourcePackage(version=version)
    files = {**package.source_files()}
    changes = f"{package.stem}_source.changes"
    files[changes] = eve.clearsign(package.changes().encode())
    *_, arrival = scene.send(files).values()
    sweep.take_in(scene.site, lambda _: False)
    upload = models.Upload.objects.get(token=arrival.token)
    return upload.problem_code or upload.state


def row_of(eve: Person) -> models.OpenPGPKey:
    """The registered key."""
    return models.OpenPGPKey.objects.get(fingerprint=eve.fingerprint)


def revoke(person: Person) -> None:
    """Let gpg import the certificate that it has made with the key."""
    (certificate,) = (person.home / "openpgp-revocs.d").glob("*.rev")
    text = certificate.read_text(encoding="ascii").replace(":-----BEGIN", "-----BEGIN")
    person.run("--import", given=text.encode("ascii"))


def test_a_key_counts_once_an_administrator_has_approved_it(scene: Scene, eve: Person) -> None:
    assert submit_key(scene.site, EVE, "eve", eve.public_key) == ["uploader_key.submitted"]
    assert sent(scene, eve) == "signer-unknown"
    assert approve_key(scene.site, ADMIN, eve.fingerprint) == ["uploader_key.approved"]
    assert sent(scene, eve) == "accepted"
    row = row_of(eve)
    assert (row.user.get_username(), row.approved_by) == ("eve", "root")
    assert row.uid == "Eve Example <eve@example.invalid>"
    assert row.expires_at is not None
    acts = list(models.AuditEntry.objects.order_by("pk").values_list("who", "act"))
    assert acts == [("eve", "gave a key"), ("root", "approved a key")]
    with pytest.raises(NothingToDo):
        approve_key(scene.site, ADMIN, eve.fingerprint)


def test_nobody_gives_or_takes_keys_for_others_or_approves_their_own(
    scene: Scene, eve: Person
) -> None:
    with pytest.raises(NotAllowed):
        submit_key(scene.site, MALLORY, "eve", eve.public_key)
    submit_key(scene.site, EVE, "eve", eve.public_key)
    for verb in (remove_key, approve_key):
        with pytest.raises(NotAllowed):
            verb(scene.site, MALLORY, eve.fingerprint)
    with pytest.raises(NotAllowed):
        approve_key(scene.site, EVE, eve.fingerprint)
    with pytest.raises(NotAllowed):
        refuse_key(scene.site, EVE, eve.fingerprint, "")
    assert row_of(eve).approved_at is None


def test_what_an_administrator_gives_is_approved(scene: Scene, eve: Person) -> None:
    events = submit_key(scene.site, ADMIN, "eve", eve.public_key)
    assert events == ["uploader_key.submitted", "uploader_key.approved"]
    assert sent(scene, eve) == "accepted"


def test_a_later_export_prolongs_a_key_and_an_earlier_one_does_not_undo_it(
    scene: Scene, eve: Person
) -> None:
    submit_key(scene.site, ADMIN, "eve", eve.public_key)
    before, first = row_of(eve).expires_at, eve.public_key
    eve.run("--quick-set-expire", eve.fingerprint, "5y")
    assert submit_key(scene.site, EVE, "eve", eve.public_key) == ["uploader_key.updated"]
    after = row_of(eve)
    assert before is not None
    assert after.expires_at is not None
    assert after.expires_at - before > timedelta(days=1000)
    assert after.approved_at is not None, "it is the same key"
    submit_key(scene.site, EVE, "eve", first)
    assert row_of(eve).expires_at == after.expires_at


def test_a_subkey_that_was_added_later_signs_once_it_is_given(scene: Scene, eve: Person) -> None:
    submit_key(scene.site, ADMIN, "eve", eve.public_key)
    eve.run("--quick-add-key", eve.fingerprint, "rsa2048", "sign", "90d")
    assert sent(scene, eve) == "signer-unknown", "gpg signs by the newest subkey"
    submit_key(scene.site, EVE, "eve", eve.public_key)
    assert sent(scene, eve) == "accepted"


def test_what_its_owner_has_revoked_stays_revoked_whatever_comes_later(
    scene: Scene, eve: Person
) -> None:
    good = eve.public_key
    text = SourcePackage()
    signed = eve.clearsign(text.changes().encode())
    submit_key(scene.site, ADMIN, "eve", good)
    revoke(eve)
    assert submit_key(scene.site, EVE, "eve", eve.public_key) == ["uploader_key.revoked"]
    submit_key(scene.site, EVE, "eve", good)
    with pytest.raises(UploaderKeyUnfit):
        approve_key(scene.site, ADMIN, eve.fingerprint)
    with pytest.raises(UploaderKeyUnfit):
        remove_key(scene.site, EVE, eve.fingerprint)
    *_, arrival = scene.send(
        {**text.source_files(), f"{text.stem}_source.changes": signed}
    ).values()
    sweep.take_in(scene.site, lambda _: False)
    assert models.Upload.objects.get(token=arrival.token).problem_code == "signer-unknown"


def _no_key(eve: Person) -> str:
    return f"{eve.fingerprint} is no key"


def _secret(eve: Person) -> str:
    return eve.run("--armor", "--export-secret-keys").decode("ascii")


def _revoked(eve: Person) -> str:
    revoke(eve)
    return eve.public_key


def _expired(eve: Person) -> str:
    eve.run("--quick-set-expire", eve.fingerprint, "1d")
    return eve.public_key


def _too_large(eve: Person) -> str:
    return eve.public_key * 10_000


@pytest.mark.parametrize("spoil", [_no_key, _secret, _revoked, _expired, _too_large])
def test_a_key_that_could_not_sign_is_refused_with_the_reason(
    scene: Scene, eve: Person, spoil: Callable[[Person], str]
) -> None:
    text = spoil(eve)
    scene.clock.now = datetime.now(UTC) + timedelta(days=3)  # none of the others ends so soon
    with pytest.raises(UploaderKeyUnfit) as caught:
        submit_key(scene.site, EVE, "eve", text)
    assert caught.value.found
    assert not models.OpenPGPKey.objects.filter(user__username="eve").exists()
    assert not any(scene.site.places.keyrings.glob(".key*"))


def test_a_key_has_one_account_unless_it_was_refused_to_the_other(
    scene: Scene, eve: Person
) -> None:
    submit_key(scene.site, MALLORY, "mallory", eve.public_key)
    with pytest.raises(UploaderKeyTaken):
        submit_key(scene.site, EVE, "eve", eve.public_key)
    refuse_key(scene.site, ADMIN, eve.fingerprint, "not yours")
    assert submit_key(scene.site, MALLORY, "mallory", eve.public_key) == ["uploader_key.submitted"]
    refuse_key(scene.site, ADMIN, eve.fingerprint, "not yours, still")
    submit_key(scene.site, EVE, "eve", eve.public_key)
    assert row_of(eve).user.get_username() == "eve"


def test_a_key_whose_approval_was_withdrawn_comes_back_by_an_administrator_only(
    scene: Scene, eve: Person
) -> None:
    submit_key(scene.site, ADMIN, "eve", eve.public_key)
    assert refuse_key(scene.site, ADMIN, eve.fingerprint, "was stolen") == ["uploader_key.refused"]
    assert sent(scene, eve) == "signer-unknown"
    assert row_of(eve).refused_reason == "was stolen"
    assert submit_key(scene.site, EVE, "eve", eve.public_key) == ["uploader_key.updated"]
    with pytest.raises(UploaderKeyTaken):
        submit_key(scene.site, MALLORY, "mallory", eve.public_key)
    with pytest.raises(UploaderKeyUnfit):
        remove_key(scene.site, EVE, eve.fingerprint)
    assert sent(scene, eve) == "signer-unknown"
    approve_key(scene.site, ADMIN, eve.fingerprint)
    assert sent(scene, eve) == "accepted"


def test_a_revoked_key_is_not_taken_by_another_account_that_has_an_old_export(
    scene: Scene, eve: Person
) -> None:
    good = eve.public_key
    submit_key(scene.site, EVE, "eve", good)
    refuse_key(scene.site, ADMIN, eve.fingerprint, "not yet")
    revoke(eve)
    submit_key(scene.site, EVE, "eve", eve.public_key)
    with pytest.raises(UploaderKeyTaken):
        submit_key(scene.site, MALLORY, "mallory", good)


def test_a_key_that_an_administrator_has_switched_off_is_forgotten_by_one_only(
    scene: Scene, eve: Person
) -> None:
    submit_key(scene.site, ADMIN, "eve", eve.public_key)
    models.OpenPGPKey.objects.filter(fingerprint=eve.fingerprint).update(is_active=False)
    with pytest.raises(UploaderKeyUnfit):
        remove_key(scene.site, EVE, eve.fingerprint)
    (row,) = list_keys(scene.clock(), "eve")
    assert row.is_remembered
    assert remove_key(scene.site, ADMIN, eve.fingerprint) == ["uploader_key.removed"]


def test_a_key_that_was_refused_and_switched_off_is_free_for_nobody(
    scene: Scene, eve: Person
) -> None:
    submit_key(scene.site, EVE, "eve", eve.public_key)
    refuse_key(scene.site, ADMIN, eve.fingerprint, "known to be stolen")
    models.OpenPGPKey.objects.filter(fingerprint=eve.fingerprint).update(is_active=False)
    with pytest.raises(UploaderKeyTaken):
        submit_key(scene.site, MALLORY, "mallory", eve.public_key)
    submit_key(scene.site, EVE, "eve", eve.public_key)
    assert row_of(eve).refused_at is not None, "nor does it wait again"


def test_a_key_does_not_grow_without_bounds_by_exports_that_are_merged(
    scene: Scene, eve: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports = []
    for name in ("one", "two"):
        address = f"{name}@example.invalid"
        eve.run("--quick-add-uid", eve.fingerprint, f"{name * 90} <{address}>")
        only = ("--export-filter", f"keep-uid=mbox={address}")
        exports.append(eve.run("--armor", *only, "--export", eve.fingerprint).decode("ascii"))
    monkeypatch.setattr("mini_buildd.flow.submit_key._MAX_BYTES", max(map(len, exports)))
    submit_key(scene.site, EVE, "eve", exports[0])
    with pytest.raises(UploaderKeyUnfit) as refused:
        submit_key(scene.site, EVE, "eve", exports[1])
    assert "together" in refused.value.found
    assert row_of(eve).uid == f"{'one' * 90} <one@example.invalid>"[:300]
    assert len(row_of(eve).armored) <= max(map(len, exports))
    revoke(eve)
    submit_key(scene.site, EVE, "eve", minimal(eve))
    assert row_of(eve).revoked_at is not None, "that is heard in any case"


def minimal(person: Person) -> str:
    """The key with its first user id only."""
    only = ("--export-filter", "keep-uid=mbox=eve@example.invalid")
    return person.run("--armor", *only, "--export", person.fingerprint).decode("ascii")


def test_an_account_has_a_bounded_number_of_keys(
    scene: Scene, eve: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mini_buildd.flow.submit_key._MOST", 0)
    with pytest.raises(UploaderKeyUnfit):
        submit_key(scene.site, EVE, "eve", eve.public_key)
    assert not models.OpenPGPKey.objects.filter(fingerprint=eve.fingerprint).exists()


def test_a_key_that_is_removed_counts_no_more_but_what_it_signed_keeps_its_name(
    scene: Scene, eve: Person
) -> None:
    submit_key(scene.site, ADMIN, "eve", eve.public_key)
    assert sent(scene, eve) == "accepted"
    assert remove_key(scene.site, EVE, eve.fingerprint) == ["uploader_key.removed"]
    assert sent(scene, eve, "1.0-1~test13+2") == "signer-unknown"
    upload = models.Upload.objects.get(state="accepted")
    assert (upload.signer, upload.signer_fingerprint) == ("eve", eve.fingerprint)
    with pytest.raises(UploaderKeyUnknown):
        remove_key(scene.site, EVE, eve.fingerprint)


def test_its_owner_hears_that_a_key_expires_once_for_each_of_the_days(
    scene: Scene, eve: Person
) -> None:
    submit_key(scene.site, ADMIN, "eve", eve.public_key)
    end = row_of(eve).expires_at
    assert end is not None
    models.OpenPGPKey.objects.exclude(fingerprint=eve.fingerprint).update(expires_at=None)
    for days in (31, 29, 29, 20, 13, 8, 6, 2, 0.9, 0.5, -1):
        scene.clock.now = end - timedelta(days=days)
        watch_uploader_keys(scene.site)
    told = models.Event.objects.filter(kind="uploader_key.expires").order_by("pk")
    assert [event.detail.partition("less than ")[2].partition(",")[0] for event in told] == [
        "30 days",
        "14 days",
        "7 days",
        "a day",
    ]
    assert {event.key for event in told} == {row_of(eve)}


def test_the_end_of_a_key_that_came_by_migration_is_found_out(scene: Scene, eve: Person) -> None:
    submit_key(scene.site, ADMIN, "eve", eve.public_key)
    end = row_of(eve).expires_at
    assert end is not None
    rows = models.OpenPGPKey.objects.filter(fingerprint=eve.fingerprint)
    rows.update(expires_at=None, approved_by=SELF.name)
    broken = models.OpenPGPKey.objects.exclude(fingerprint=eve.fingerprint)
    broken.update(armored="no key", expires_at=None, approved_by=SELF.name)
    scene.clock.now = end - timedelta(days=5)
    assert watch_uploader_keys(scene.site) == ["uploader_key.expires"]
    assert row_of(eve).expires_at == end


def test_a_key_that_does_not_count_raises_no_alarm(scene: Scene, eve: Person) -> None:
    submit_key(scene.site, EVE, "eve", eve.public_key)
    models.OpenPGPKey.objects.exclude(fingerprint=eve.fingerprint).update(expires_at=None)
    end = row_of(eve).expires_at
    assert end is not None
    scene.clock.now = end - timedelta(days=3)
    assert watch_uploader_keys(scene.site) == []


def test_an_unknown_account_or_key_is_told(scene: Scene, eve: Person) -> None:
    with pytest.raises(Problem, match="No such account"):
        submit_key(scene.site, ADMIN, "nobody", eve.public_key)
    with pytest.raises(UploaderKeyUnknown):
        approve_key(scene.site, ADMIN, "A" * 40)
