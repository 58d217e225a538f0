"""Whose signature covers what: from clear-signed bytes to the text that was signed.

The text comes out of gpg itself and is the only thing that anybody parses later, so what stands
outside the signed block can never be mistaken for it; and anything outside is refused anyway.
"""

import contextlib
import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mini_buildd.deb.names import Fingerprint
from mini_buildd.keys import gpg
from mini_buildd.kit.atomic import beside, sync_file, sync_folder

_BEGIN = b"-----BEGIN PGP SIGNED MESSAGE-----"
_ARMOR = b"-----BEGIN PGP SIGNATURE-----"
_END = b"-----END PGP SIGNATURE-----"
_SIGNED_AT = 2  # of the arguments of VALIDSIG (doc/DETAILS of GnuPG)
_MAX_BYTES = 4 << 20
# gpg breaks a longer line of a clear-signed text in two and calls the signature good all the same.
_MAX_LINE_BYTES = 19_000


class NotOneSignedText(Exception):
    """The bytes are not exactly one clear-signed text."""


class UnknownKey(Exception):
    """The signature is by a key that the keyring does not have."""

    def __init__(self, key_id: str) -> None:
        super().__init__(key_id)
        self.key_id = key_id


class BadSignature(Exception):
    """The signature does not hold; the text says why."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A text and the primary key whose signature covers every byte of it.

    *user_id* is what the key says of whose it is.
    """

    text: bytes
    fingerprint: Fingerprint
    signed_at: datetime
    user_id: str = field(default="", compare=False)


def is_signed(data: bytes) -> bool:
    """Whether *data* claims to be clear-signed."""
    return _BEGIN in data


def verify(data: bytes, keyring: Path) -> Signed:
    """Take the signed text out of *data*.

    *keyring* is a folder made by keyring_for. Raises NotOneSignedText, UnknownKey, BadSignature.
    """
    _demand_one_block(data)
    run = gpg.open_clearsigned(keyring, data)
    for error in run.lines("ERRSIG"):
        if error[5:6] == ("9",):  # the public key is missing
            raise UnknownKey(error[0])
    for keyword, reason in _FAULTS.items():
        if run.lines(keyword):
            raise BadSignature(reason)
    good, valid = run.lines("GOODSIG"), run.lines("VALIDSIG")
    if run.exit_status != 0 or len(good) != 1 or len(valid) != 1 or run.lines("DECRYPTION_OKAY"):
        raise BadSignature(run.said or "gpg found no good signature")
    signed_at = datetime.fromtimestamp(int(valid[0][_SIGNED_AT]), UTC)
    user_id = gpg.plain_user_id(" ".join(good[0][1:]))
    return Signed(_what_is_signed(run.output), Fingerprint(valid[0][-1]), signed_at, user_id)


def _what_is_signed(text: bytes) -> bytes:
    """*text* without what no signature covers: how its lines end, and blanks before that.

    RFC 4880 §7.1; anybody on the way could have changed these.
    """
    return b"\n".join(line.rstrip(b" \t\r") for line in text.split(b"\n"))


_FAULTS = {
    "BADSIG": "the text was changed after it was signed",
    "EXPSIG": "the signature has expired",
    "EXPKEYSIG": "the key has expired",
    "REVKEYSIG": "the key was revoked",
    "ERRSIG": "gpg cannot check this kind of signature",
}


def demand_whole(data: bytes) -> None:
    """Raise NotOneSignedText unless *data* is one signed text, or has nothing of one in it."""
    if is_signed(data) or _ARMOR in data:
        _demand_one_block(data)


def _demand_one_block(data: bytes) -> None:
    """One clear-signed block and nothing else, down to the last line."""
    if len(data) > _MAX_BYTES:
        raise NotOneSignedText(f"more than {_MAX_BYTES} bytes")
    lines = data.rstrip(b"\r\n").split(b"\n")
    markers = [line.rstrip() for line in lines if line.startswith(b"-----")]
    if not markers:
        raise NotOneSignedText("no signature at all")
    if lines[0].rstrip() != _BEGIN or lines[-1].rstrip() != _END:
        raise NotOneSignedText("text before or after the signed block")
    if markers != [_BEGIN, _ARMOR, _END]:
        raise NotOneSignedText("more than one block of armor")
    if any(len(line) > _MAX_LINE_BYTES for line in lines):
        raise NotOneSignedText(f"a line of more than {_MAX_LINE_BYTES} bytes")


def keyring_for(folder: Path, armored_keys: Iterable[str]) -> Path:
    """The keyring with just these public keys, made below *folder* when it is not there yet.

    Its name is the digest of its keys, so a key added or taken away leads to another keyring.
    """
    keys = sorted(set(armored_keys))
    digest = hashlib.sha256("\0".join(keys).encode()).hexdigest()[:32]
    home = folder / digest
    if not home.is_dir():
        making = beside(home)
        making.mkdir(mode=0o700)
        try:
            for key in keys:
                gpg.import_keys(making, key)
            # It is trusted to be whole as soon as it is there, also after a power failure.
            for path in making.iterdir():
                if path.is_file():
                    sync_file(path)
            sync_folder(making)
            with contextlib.suppress(OSError):  # another thread was first
                making.rename(home)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return home
