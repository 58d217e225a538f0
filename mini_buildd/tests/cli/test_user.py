"""``mini-buildd user``: accounts, keys and rights, as somebody types it."""

import subprocess
import tempfile
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from mini_buildd.cli import main as command_line
from mini_buildd.cli.user import run_user
from mini_buildd.db import models
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import AccountImpossible, AccountUnknown, NothingToDo, RightUnknown
from mini_buildd.flow.submit_key import submit_key
from mini_buildd.tests.cli.conftest import Desk
from mini_buildd.tests.keys.people import Person, make_person


def say(desk: Desk, *words: str) -> str:
    """What it says."""
    options = command_line._parser().parse_args(["user", *words])
    desk.capsys.readouterr()
    assert run_user(options, desk.scene.settings, desk.scene.site.places) == 0
    return desk.capsys.readouterr().out


@pytest.fixture
def eve(short_folder: Path) -> Person:
    """Somebody with a key."""
    home = Path(tempfile.mkdtemp(dir=short_folder)) / "g"
    person = make_person(home, "Eve <eve@example.invalid>")
    person.close()
    return person


def test_an_account_is_made_with_a_key_and_a_right(desk: Desk, eve: Person, tmp_path: Path) -> None:
    path = tmp_path / "eve.asc"
    path.write_text(eve.public_key, encoding="ascii")
    said = say(desk, "add", "eve", "--email", "eve@example.invalid", "--key", str(path))
    assert [line.split() for line in said.splitlines()[1:]] == [
        ["eve", "eve@example.invalid", "nothing"],
        ["pat", "pat@example.invalid", "uploader", "of", "test"],
    ]
    said = say(desk, "grant", "eve", "test", "--suite=unstable", "--sources=hello", "--no-new")
    (line,) = (line for line in said.splitlines() if " eve " in line)
    assert "uploader" in line
    assert "hello, no new ones" in line
    number = line.split()[0]
    assert " eve " not in say(desk, "revoke", "test", number)
    with pytest.raises(RightUnknown):
        say(desk, "revoke", "test", number)
    assert not User.objects.get(username="eve").has_usable_password()
    assert models.AuditEntry.objects.filter(door="command").count() == 4


def test_an_account_is_given_a_key_to_sign_in_by(desk: Desk, tmp_path: Path) -> None:
    key = tmp_path / "key"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "eve@desk", "-f", str(key)]
    subprocess.run(command, check=True)
    say(desk, "add", "eve", "--ssh-key", f"{key}.pub")
    row = models.SshKey.objects.get()
    assert (row.user.get_username(), row.comment) == ("eve", "eve@desk")


def test_keys_that_wait_are_listed_approved_and_refused(desk: Desk, eve: Person) -> None:
    User.objects.create_user("eve")
    submit_key(desk.scene.site, Actor("eve"), "eve", eve.public_key)
    (line,) = (line for line in say(desk, "keys", "eve").splitlines() if " eve " in line)
    assert line.startswith("○ waits for approval")
    grouped = " ".join(eve.fingerprint[at : at + 4] for at in range(0, 40, 4))
    (line,) = (each for each in say(desk, "approve", grouped).splitlines() if " eve " in each)
    assert line.startswith("● approved")
    said = say(desk, "refuse", eve.fingerprint, "--reason", "has left")
    (line,) = (line for line in said.splitlines() if " eve " in line)
    assert line.startswith("✕ refused")
    assert line.endswith("has left")


def test_a_name_that_cannot_be_is_refused(desk: Desk) -> None:
    for words in (["no blanks"], ["eve", "--email", "nowhere"], [""]):
        with pytest.raises(AccountImpossible):
            say(desk, "add", *words)
    assert "no right was given yet" in say(desk, "rights", "nowhere")


def test_an_account_is_switched_off_and_on(desk: Desk) -> None:
    assert "pat" in say(desk, "off", "pat", "--reason", "has left")
    assert not User.objects.get(username="pat").is_active
    assert "switched off" in say(desk, "list")
    with pytest.raises(NothingToDo):
        say(desk, "off", "pat")
    assert "uploader of test" in say(desk, "on", "pat")
    with pytest.raises(AccountUnknown):
        say(desk, "off", "nobody")
