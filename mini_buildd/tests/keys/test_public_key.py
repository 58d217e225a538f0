"""What a public key is good for, as the real gpg makes it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mini_buildd.keys import gpg
from mini_buildd.keys.public_key import read_public_key
from mini_buildd.tests.keys.people import Person

Meet = Callable[..., Person]


def _now() -> datetime:
    return datetime.now(UTC)


def test_a_key_ends_with_the_one_of_its_subkeys_that_signs_longest(
    meet: Meet, tmp_path: Path
) -> None:
    person = meet("Certifies <c@example.invalid>", usage="cert")
    key = read_public_key(person.public_key, tmp_path)
    assert not key.can_sign
    person.run("--quick-add-key", person.fingerprint, "ed25519", "sign", "30d")
    person.run("--quick-add-key", person.fingerprint, "ed25519", "sign", "90d")
    person.run("--quick-add-key", person.fingerprint, "cv25519", "encr", "200d")
    key = read_public_key(person.public_key, tmp_path)
    assert key.can_sign
    assert key.expires_at is not None
    assert timedelta(days=89) < key.expires_at - _now() < timedelta(days=91)


def test_no_subkey_outlives_its_primary_key(meet: Meet, tmp_path: Path) -> None:
    person = meet("Short <s@example.invalid>")
    person.run("--quick-add-key", person.fingerprint, "ed25519", "sign", "0")
    key = read_public_key(person.public_key, tmp_path)
    assert key.expires_at is not None
    assert key.expires_at - _now() < timedelta(days=366)
    person.run("--quick-set-expire", person.fingerprint, "0")
    assert read_public_key(person.public_key, tmp_path).expires_at is None


def test_a_later_export_prolongs_and_an_earlier_one_takes_nothing_back(
    meet: Meet, tmp_path: Path
) -> None:
    person = meet("Prolonged <p@example.invalid>")
    before = person.public_key
    person.run("--quick-set-expire", person.fingerprint, "5y")
    after = person.public_key
    for older, newer in ((before, after), (after, before)):
        key = read_public_key(newer, tmp_path, older=older)
        assert key.expires_at is not None
        assert key.expires_at - _now() > timedelta(days=1800)


def test_what_was_revoked_stays_revoked_whatever_comes_later(meet: Meet, tmp_path: Path) -> None:
    person = meet("Revoked <r@example.invalid>")
    before = person.public_key
    (certificate,) = (person.home / "openpgp-revocs.d").glob("*.rev")
    text = certificate.read_text(encoding="ascii").replace(":-----BEGIN", "-----BEGIN")
    person.run("--import", given=text.encode("ascii"))
    after = person.public_key
    assert not read_public_key(before, tmp_path).is_revoked
    assert read_public_key(after, tmp_path).is_revoked
    assert read_public_key(before, tmp_path, older=after).is_revoked
    assert read_public_key(after, tmp_path, older=before).is_revoked
    assert not read_public_key(after, tmp_path).can_sign


def test_a_key_is_not_taken_for_a_later_export_of_another(
    pat: Person, stranger: Person, tmp_path: Path
) -> None:
    with pytest.raises(gpg.GnupgFailed, match="2 keys"):
        read_public_key(stranger.public_key, tmp_path, older=pat.public_key)


def made_with(algorithm: str, home: Path) -> str:
    """The armored key of somebody who chose *algorithm*."""
    home.mkdir(mode=0o700)
    person = Person(home, "")
    try:
        person.run("--quick-generate-key", "Weak <w@example.invalid>", algorithm, "sign", "1y")
        return person.run("--armor", "--export").decode("ascii")
    finally:
        person.close()


@pytest.mark.parametrize(
    ("algorithm", "weak"), [("rsa1024", "RSA of 1024 bits"), ("rsa2048", ""), ("nistp256", "")]
)
def test_weak_algorithms_are_told(algorithm: str, weak: str, tmp_path: Path) -> None:
    armored = made_with(algorithm, tmp_path / "g")
    assert read_public_key(armored, tmp_path).weak == weak


def test_a_key_that_trusts_in_sha1_has_signed_nothing_to_us(tmp_path: Path) -> None:
    """With DSA of 1024 bits no other digest can be had."""
    armored = made_with("dsa1024", tmp_path / "g")
    with pytest.raises(gpg.GnupgFailed, match="no user ID"):
        read_public_key(armored, tmp_path)
