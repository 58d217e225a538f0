"""Public keys as people hand them in."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mini_buildd.keys import gpg
from mini_buildd.keys.public_key import read_public_key
from mini_buildd.keys.verify import keyring_for
from mini_buildd.tests.keys.people import Person


def test_a_public_key_is_read(pat: Person, tmp_path: Path) -> None:
    key = read_public_key(pat.public_key, tmp_path)
    assert (key.fingerprint, key.user_id) == (pat.fingerprint, "Pat Packager <pat@example.invalid>")
    assert key.armored == pat.public_key
    assert list(tmp_path.iterdir()) == []


def test_a_user_id_is_read_in_the_letters_it_was_written_in(
    meet: Callable[..., Person], tmp_path: Path
) -> None:
    person = meet("Jürgen Žižka: x <jz@example.invalid>")
    assert read_public_key(person.public_key, tmp_path).user_id == (
        "Jürgen Žižka: x <jz@example.invalid>"
    )


def test_a_key_as_it_is_pasted_with_text_around_is_read(pat: Person, tmp_path: Path) -> None:
    pasted = f"Here is my key:\r\n\r\n{pat.public_key}\nBest regards\n"
    assert read_public_key(pasted, tmp_path).fingerprint == pat.fingerprint


def test_what_is_not_just_one_public_key_is_refused(
    pat: Person, stranger: Person, tmp_path: Path
) -> None:
    secret = pat.run("--armor", "--export-secret-keys", pat.fingerprint).decode()
    for text in (
        "",
        "no key",
        secret,
        pat.public_key + stranger.public_key,
        pat.public_key[: len(pat.public_key) // 2],
        pat.clearsign(b"text").decode(),
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n",
    ):
        with pytest.raises(gpg.GnupgFailed):
            read_public_key(text, tmp_path)
        assert list(tmp_path.iterdir()) == []


def test_many_who_make_the_same_keyring_at_once_get_one_that_is_whole(
    pat: Person, stranger: Person, tmp_path: Path
) -> None:
    keys = [pat.public_key, stranger.public_key]
    made: list[Path] = []
    threads = [
        threading.Thread(target=lambda: made.append(keyring_for(tmp_path, keys))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (home,) = set(made)
    assert len(made) == len(threads)
    assert list(tmp_path.iterdir()) == [home]
    assert {key["fingerprint"] for key in gpg.list_keys(home)} == {
        pat.fingerprint,
        stranger.fingerprint,
    }


def test_what_nobody_here_has_cannot_sign(tmp_path: Path) -> None:
    with pytest.raises(gpg.GnupgFailed):
        gpg.sign(tmp_path, ("0" * 40,), b"text", detached=True)
    gpg.stop_agent(tmp_path)
