"""Keys of one's own GnuPG are found, with their addresses, and those that sign no more are not."""

from pathlib import Path

import pytest

from mini_buildd.keys.own_keys import OwnKey, export_own_key, list_own_keys
from mini_buildd.keys.public_key import read_public_key
from mini_buildd.tests.keys.people import Person


def test_a_secret_key_is_listed_and_its_public_part_is_given(
    pat: Person, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GNUPGHOME", str(pat.home))
    key = next(each for each in list_own_keys() if each.fingerprint == pat.fingerprint)
    assert key == OwnKey(pat.fingerprint, "Pat Packager <pat@example.invalid>")
    assert key.email == "pat@example.invalid"
    read = read_public_key(export_own_key(key.fingerprint), tmp_path)
    assert read.fingerprint == pat.fingerprint


def test_with_no_key_none_is_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GNUPGHOME", f"{tmp_path}/nothing")
    assert list_own_keys() == ()


def test_a_user_id_without_an_address_has_none() -> None:
    assert OwnKey("A" * 40, "a build robot").email == ""
