"""Which instance is meant, and that its token goes nowhere else and is for its owner's eyes."""

from pathlib import Path

import pytest

from mini_buildd.client.server import (
    ProfileUnusable,
    Server,
    find_server,
    is_readable_by_others,
    save_server,
)

WORK = Server("https://buildd.example.org", "mbd_work", "/etc/ssl/ours.pem")
HOME = Server("http://127.0.0.1:8066", "mbd_home")


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A profile of two, as it is written."""
    path = tmp_path / "config" / "api.toml"
    save_server(path, "work", WORK)
    save_server(path, "at home", HOME)
    return path


def test_the_first_one_saved_is_the_default_and_others_have_names(profile: Path) -> None:
    assert find_server(profile, environment={}) == WORK
    assert find_server(profile, name="at home", environment={}) == HOME
    assert find_server(profile, url=HOME.url, environment={}) == HOME


def test_saving_again_changes_that_one_alone(profile: Path) -> None:
    save_server(profile, "work", Server(WORK.url, "mbd_new"))
    assert find_server(profile, environment={}) == Server(WORK.url, "mbd_new")
    assert find_server(profile, name="at home", environment={}) == HOME


def test_nobody_else_can_read_a_profile(profile: Path) -> None:
    assert profile.stat().st_mode & 0o777 == 0o600
    assert not is_readable_by_others(profile)
    profile.chmod(0o640)
    assert is_readable_by_others(profile)


def test_the_environment_goes_before_the_profile(profile: Path) -> None:
    environment = {"MINI_BUILDD_URL": "http://other:1/", "MINI_BUILDD_TOKEN": "mbd_env"}
    assert find_server(profile, environment=environment) == Server("http://other:1", "mbd_env")


def test_a_token_of_one_instance_is_not_sent_to_another(profile: Path) -> None:
    assert find_server(profile, url="http://other:1", environment={}).token == ""
    environment = {"MINI_BUILDD_URL": "http://other:1", "MINI_BUILDD_TOKEN": "mbd_env"}
    assert find_server(profile, name="at home", environment=environment) == HOME
    assert find_server(profile, url=HOME.url, environment=environment) == HOME
    third = find_server(profile, url="http://third:1", environment=environment)
    assert third == Server("http://third:1")


def test_a_token_without_an_address_is_for_the_one_that_is_given(profile: Path) -> None:
    environment = {"MINI_BUILDD_TOKEN": "mbd_env"}
    third = find_server(profile, url="http://third:1", environment=environment)
    assert third == Server("http://third:1", "mbd_env")
    environment["MINI_BUILDD_URL"] = "http://third:1/"
    assert find_server(profile, url="http://third:1", environment=environment) == third


def test_a_secret_that_others_could_read_on_its_way_is_noticed() -> None:
    assert Server("http://buildd.example.org", "mbd_x").is_exposed
    assert not Server("http://buildd.example.org").is_exposed
    assert not WORK.is_exposed
    assert not HOME.is_exposed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "cannot be read"),
        ('default = "x"', "has no instance"),
        ('default = "x"\n[x]\nurl = "ftp://x"', "is no address"),
        ('default = "x"\n[x]\nurl = "http://x"\ntokn = "y"', "tokn"),
        ('default = "x"\n[x]\nurl = "http://x:99999"', "is no address"),
        ('default = "x"\n[x]\nurl = "http://[x"', "is no address"),
        ("", "MINI_BUILDD_URL"),
    ],
)
def test_a_profile_that_cannot_be_used_says_why(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "api.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileUnusable, match=said):
        find_server(path, environment={})
