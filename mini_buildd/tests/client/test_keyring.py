"""Tokens in the keyring: the profile has none of them, and one that is locked says so."""

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest

from mini_buildd.client.server import (
    ProfileUnusable,
    Server,
    choose_default,
    find_server,
    forget_server,
    list_servers,
    save_server,
)
from mini_buildd.tests.client.file_keyring import FileKeyring

WORK = Server("https://buildd.example.org", "mbd_work", fingerprint="AA:BB")


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A profile whose token the keyring has."""
    monkeypatch.setenv("MINI_BUILDD_TESTS_KEYRING", str(tmp_path / "keyring"))
    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring())  # type: ignore[no-untyped-call]  # its base class has no types
    path = tmp_path / "config.toml"
    save_server(path, "work", WORK, in_keyring=True)
    yield path
    keyring.set_keyring(before)


def test_the_profile_has_no_token_and_the_keyring_has_it(profile: Path) -> None:
    assert "mbd_work" not in profile.read_text(encoding="utf-8")
    assert find_server(profile, environment={}) == WORK
    assert list_servers(profile)[0].keeps == "keyring"


def test_who_needs_no_token_does_not_ask_for_it(profile: Path, tmp_path: Path) -> None:
    (tmp_path / "keyring").unlink()
    assert find_server(profile, needs_token=False, environment={}).token == ""
    environment = {"MINI_BUILDD_TOKEN": "mbd_env"}
    assert find_server(profile, environment=environment).token == "mbd_env"
    with pytest.raises(ProfileUnusable, match="mini-buildd-api login"):
        find_server(profile, environment={})


def test_a_profile_is_chosen_and_forgotten(profile: Path) -> None:
    save_server(profile, "home", Server("http://localhost:8066", "mbd_home"))
    assert find_server(profile, environment={"MINI_BUILDD_PROFILE": "home"}).token == "mbd_home"
    choose_default(profile, "home")
    assert find_server(profile, environment={}).token == "mbd_home"
    forget_server(profile, "home")
    assert find_server(profile, environment={}) == WORK
    with pytest.raises(ProfileUnusable, match="has no instance"):
        choose_default(profile, "home")
