"""Signatures and keys as strangers send them, in the hands of the real gpg."""

import random
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mini_buildd.deb.changes import parse_changes
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.names import Fingerprint, MalformedName
from mini_buildd.keys import gpg
from mini_buildd.keys import verify as verifying
from mini_buildd.keys.public_key import read_public_key
from mini_buildd.keys.verify import (
    BadSignature,
    NotOneSignedText,
    UnknownKey,
    keyring_for,
    verify,
)
from mini_buildd.tests.fuzz.change import change
from mini_buildd.tests.fuzz.control import CHANGES, PrepareNothing, demand_sound
from mini_buildd.tests.fuzz.target import Take, Target, Wrong, refusals

_REFUSALS = (NotOneSignedText, UnknownKey, BadSignature, MalformedControl, MalformedName)


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody with a key: *armored*, its public part; *signed*, CHANGES as they sign it."""

    armored: str
    signed: bytes


@cache
def signer(name: str) -> Signer:
    """A new somebody; their secret key is gone at once."""
    with tempfile.TemporaryDirectory(prefix="mbd-fuzz-") as folder:
        home = Path(folder)
        home.chmod(0o700)
        try:
            key = gpg.make_signing_key(home, name, "somebody@example.invalid", expires="1y")
            signed = gpg.sign(home, (key,), CHANGES, detached=False)
            return Signer(gpg.export_key(home, key), signed)
        finally:
            gpg.stop_agent(home)


def _prepare(folder: Path) -> Take:
    keyring = keyring_for(folder, [signer("Pat Packager").armored])

    def take(data: bytes) -> str:
        """What is taken for signed is, to the last byte that a signature covers, what was."""
        try:
            text = verify(data, keyring).text
            changes = parse_changes(text)
        except _REFUSALS as refusal:
            return type(refusal).__name__
        if _meaning(text) != _meaning(CHANGES):
            raise Wrong("taken, though it was never signed")
        if changes != parse_changes(CHANGES):
            raise Wrong("parsed as something else than what was signed")
        demand_sound(changes)
        return "taken: only what a signature does not cover was changed"

    return take


def _meaning(text: bytes) -> list[bytes]:
    """White space at the end of lines is not covered by a clear-text signature (RFC 9580, 7.2)."""
    return [line.rstrip() for line in text.strip().splitlines()]


def _change(data: bytes, rng: random.Random) -> bytes:
    """A change of the signed text; now and then what somebody else has signed beside it."""
    if rng.random() < 0.1:
        other = signer("Mal Mallory").signed
        data = rng.choice((data + other, other + data, _spliced(data, other), other))
    return change(data, rng)


def _spliced(one: bytes, two: bytes) -> bytes:
    """The text of one under the signature of the other."""
    mark = b"-----BEGIN PGP SIGNATURE-----"
    return one.partition(mark)[0] + mark + two.partition(mark)[2]


def _prepare_keys(folder: Path) -> Take:
    (folder / "scratch").mkdir()

    def take(data: bytes) -> str:
        """A key that is taken has a fingerprint, and is the one that its text holds."""
        try:
            key = read_public_key(data.decode("utf-8", "replace"), folder / "scratch")
        except gpg.GnupgFailed as refusal:
            return type(refusal).__name__
        if Fingerprint(key.fingerprint) != key.fingerprint or "PRIVATE" in key.armored:
            raise Wrong(f"no public key: {key}")
        if any((folder / "scratch").iterdir()):
            raise Wrong("something was left behind")
        return "taken"

    return take


def _seed(name: str) -> bytes:
    return signer(name).signed


def _envelope(data: bytes) -> None:
    """One block has its begin and its end, each once, at a line's beginning."""
    verifying._demand_one_block(data)
    lines = data.split(b"\n")
    for mark in (b"-----BEGIN PGP SIGNED MESSAGE-----", b"-----END PGP SIGNATURE-----"):
        if sum(line.startswith(mark) for line in lines) != 1:
            raise Wrong(f"{mark!r} is not there once")


def signed_targets() -> tuple[Target, ...]:
    """Made when they are asked for, since keys are made for them."""
    return (
        Target(
            name="envelope",
            prepare=PrepareNothing(refusals(_envelope, NotOneSignedText)),
            seeds=(_seed("Pat Packager"),),
            share=50_000,
            words=(
                b"-----BEGIN PGP SIGNED MESSAGE-----",
                b"-----BEGIN PGP SIGNATURE-----",
                b"-----END PGP SIGNATURE-----",
                b"\n- -----BEGIN",
                b"\nHash: SHA512\n\n",
                b"\r\n",
            ),
        ),
        Target(
            name="signed",
            prepare=_prepare,
            seeds=(_seed("Pat Packager"),),
            share=5000,
            change=_change,
        ),
        Target(
            name="openpgp-keys",
            prepare=_prepare_keys,
            seeds=(signer("Pat Packager").armored.encode(), signer("Pat Packager").signed),
            share=2500,
            change=change,
        ),
    )
