"""Who may come in by SFTP."""

import base64

import pytest
from django.contrib.auth.models import User

from mini_buildd.db.models import SshKey
from mini_buildd.domain.permission import Actor, Scope
from mini_buildd.domain.token import TokenWish
from mini_buildd.flow.enter_sftp import may_enter_sftp
from mini_buildd.flow.ssh_key import add_ssh_key, remove_ssh_key
from mini_buildd.flow.token import make_token
from mini_buildd.tests.flow.scene import Scene

_HERE = "192.0.2.7"
_LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKvqUq0wRSNwsqpnzTDJp0gNlJ3bnLLfBhTWRdbqFFX1 ada@x"
_BLOB = base64.b64decode(_LINE.split()[1])


@pytest.fixture
def keyed(scene: Scene) -> Scene:
    """ada, who has given a key, and bob, who has not."""
    for name in ("ada", "bob"):
        User.objects.create_user(name, password=f"{name}'s secret")
    add_ssh_key(scene.site, Actor("ada"), "ada", _LINE)
    return scene


def _by_key(scene: Scene, account: str, blob: bytes = _BLOB) -> bool:
    return may_enter_sftp(scene.site, account, key_blob=blob, password=None, peer=_HERE)


def _by_password(scene: Scene, account: str, password: str) -> bool:
    return may_enter_sftp(scene.site, account, key_blob=None, password=password, peer=_HERE)


def test_a_key_lets_in_the_account_that_gave_it_and_nobody_else(keyed: Scene) -> None:
    assert _by_key(keyed, "ada")
    for account in ("bob", "nobody", "", "a\0b", "Ada"):
        assert not _by_key(keyed, account)
    assert not _by_key(keyed, "ada", _BLOB[:-1] + b"x")
    assert not _by_key(keyed, "ada", b"")


def test_a_key_that_was_removed_or_switched_off_lets_nobody_in(keyed: Scene) -> None:
    SshKey.objects.update(is_active=False)
    assert not _by_key(keyed, "ada")
    SshKey.objects.update(is_active=True)
    assert _by_key(keyed, "ada")
    remove_ssh_key(keyed.site, Actor("ada"), SshKey.objects.get().fingerprint)
    assert not _by_key(keyed, "ada")


def test_an_account_that_is_switched_off_comes_in_by_nothing(keyed: Scene) -> None:
    User.objects.update(is_active=False)
    assert not _by_key(keyed, "ada")
    assert not _by_password(keyed, "ada", "ada's secret")


def test_a_token_lets_in_when_it_is_one_to_upload(keyed: Scene) -> None:
    for scope, may in ((Scope.UPLOAD, True), (Scope.READ, False)):
        wish = TokenWish(str(scope), frozenset({scope}))
        token = make_token(keyed.site, Actor("bob"), "bob", wish).secret
        assert _by_password(keyed, "bob", token) is may


def test_a_password_lets_in_and_whoever_guesses_waits(keyed: Scene) -> None:
    assert _by_password(keyed, "bob", "bob's secret")
    for account, password in (("bob", ""), ("", "bob's secret"), ("ada", "bob's secret")):
        assert not _by_password(keyed, account, password)
    for number in range(20):
        assert not _by_password(keyed, "bob", f"guess {number}")
    assert not _by_password(keyed, "bob", "bob's secret")
    assert _by_key(keyed, "ada"), "a key cannot be guessed"
