"""Whoever shows a public key must have the private one."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from twisted.conch.error import ValidPublicKey
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.keys import Key
from twisted.cred.credentials import SSHPrivateKey, UsernamePassword
from twisted.cred.error import UnauthorizedLogin

from mini_buildd.incoming.sftp_entrance import Entrance

_SIGNED = b"what is signed"


def _key(kind: str) -> Any:
    made: Any
    if kind == "ed25519":
        made = ed25519.Ed25519PrivateKey.generate()
    elif kind == "rsa":
        made = rsa.generate_private_key(65537, 2048)
    else:
        made = ec.generate_private_key(ec.SECP256R1())
    untyped: Any = Key
    return untyped(made)


class _AtOnce:
    """A pool and a reactor in one: what is to be done in a thread is done at once."""

    def callInThreadWithCallback(  # noqa: N802  # Twisted's name
        self, told: Callable[[bool, Any], None], work: Callable[..., Any], *arguments: Any
    ) -> None:
        told(True, work(*arguments))  # noqa: FBT003  # Twisted's form

    def callFromThread(self, work: Callable[..., None], *arguments: Any) -> None:  # noqa: N802  # the same
        work(*arguments)


class Door:
    """An entrance that lets in pat with some keys and a password."""

    def __init__(self, *keys: Any) -> None:
        at_once: Any = _AtOnce()
        self._blobs = [key.public().blob() for key in keys]
        self.asked: list[str] = []
        self._entrance = Entrance(at_once, at_once, self._may_enter).of("192.0.2.7")

    def _may_enter(
        self, account: str, *, key_blob: bytes | None, password: str | None, peer: str
    ) -> bool:
        self.asked.append(peer)
        return account == "pat" and (key_blob in self._blobs or password == "secret")

    def outcome(self, credentials: Any) -> Any:
        """The fault that signing in ends with; None when it does not."""
        faults: list[Any] = []
        self._entrance.login(credentials, None).addErrback(lambda each: faults.append(each.value))
        return faults[0] if faults else None

    def with_key(self, key: Any, signature: bytes | None, account: bytes = b"pat") -> Any:
        """The same, for *key* with that signature."""
        untyped: Any = SSHPrivateKey
        blob = key.public().blob()
        return self.outcome(untyped(account, b"any", blob, _SIGNED, signature))


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_a_key_lets_in_with_its_own_signature_over_this_very_text_only(kind: str) -> None:
    key, other = _key(kind), _key(kind)
    door = Door(key)
    how = {"signatureType": b"rsa-sha2-256"} if kind == "rsa" else {}
    good = key.sign(_SIGNED, **how)
    assert door.with_key(key, good) is None
    assert door.asked == ["192.0.2.7"]
    for bad in (
        other.sign(_SIGNED, **how),
        key.sign(b"another text", **how),
        good[:-1],
        good[:10],
        b"x",
        NS(b"ssh-ed25519") + NS(b"x" * 64),
        NS(b"rsa-sha2-256") + NS(b""),
    ):
        assert isinstance(door.with_key(key, bad), UnauthorizedLogin), bad
    assert isinstance(door.with_key(other, other.sign(_SIGNED, **how)), UnauthorizedLogin)
    assert isinstance(door.with_key(key, good, b"sam"), UnauthorizedLogin)


def test_a_signature_with_sha1_does_not_count_though_it_holds() -> None:
    key = _key("rsa")
    signature = key.sign(_SIGNED, signatureType=b"ssh-rsa")
    assert key.public().verify(signature, _SIGNED)
    assert isinstance(Door(key).with_key(key, signature), UnauthorizedLogin)


def test_who_asks_whether_a_key_would_do_is_told_so_and_not_let_in() -> None:
    key, other = _key("ed25519"), _key("ed25519")
    assert isinstance(Door(key).with_key(key, None), ValidPublicKey)
    assert isinstance(Door(key).with_key(other, None), UnauthorizedLogin)


def test_a_password_lets_in_as_it_is() -> None:
    untyped: Any = UsernamePassword
    door = Door()
    assert door.outcome(untyped(b"pat", b"secret")) is None
    for name, word in ((b"pat", b"Secret"), (b"pat", b""), (b"sam", b"secret"), (b"\xff", b"\xff")):
        assert isinstance(door.outcome(untyped(name, word)), UnauthorizedLogin)
