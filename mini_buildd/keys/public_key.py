"""Public keys that people give: what each of them is good for, and until when."""

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mini_buildd.deb.names import Fingerprint
from mini_buildd.keys import gpg
from mini_buildd.kit.atomic import beside

# RFC 4880 §9.1, as gpg numbers them in its lists.
_RSA, _DSA = frozenset({"1", "2", "3"}), "17"
_LEAST_BITS = 2048


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key as a person knows it, *user_id* being its first.

    *expires_at* is the end of the (sub)key that lives longest of those that sign; None for never.
    *weak* names an algorithm that is not to be trusted, of a (sub)key that signs or certifies.
    """

    fingerprint: Fingerprint
    user_id: str
    armored: str
    user_ids: tuple[str, ...] = ()
    expires_at: datetime | None = None
    can_sign: bool = True
    is_revoked: bool = False
    weak: str = ""


def read_public_key(armored: str, scratch: Path, *, older: str = "") -> PublicKey:
    """Parse exactly one armored public key, using a passing folder below *scratch*.

    *older* is an earlier export of the same key: both are merged, so nothing that it says can be
    taken back, least of all that the key is revoked. Raises gpg.GnupgFailed when it is none, or
    more than one, or a secret one, or another than the older.
    """
    if re.search(r"BEGIN PGP PRIVATE KEY", armored):
        raise gpg.GnupgFailed("this is a secret key; only its public part belongs here")
    home = beside(scratch / "key")
    home.mkdir(mode=0o700)
    try:
        fingerprints = {each for text in (older, armored) if text for each in _import(home, text)}
        if len(fingerprints) != 1:
            raise gpg.GnupgFailed(f"{len(fingerprints)} keys; give one at a time")
        (fingerprint,) = fingerprints
        return _told(gpg.list_records(home), fingerprint, gpg.export_key(home, fingerprint))
    finally:
        shutil.rmtree(home)


def _import(home: Path, armored: str) -> tuple[str, ...]:
    return gpg.import_keys(home, armored)


def _told(records: list[tuple[str, ...]], fingerprint: str, armored: str) -> PublicKey:
    """What the listing of just this key tells (doc/DETAILS of GnuPG, "Colon listings")."""
    keys = [each for each in records if each[0] in ("pub", "sub")]
    user_ids = _user_ids(records)
    if not keys or not user_ids:
        raise gpg.GnupgFailed("the key has no user id that it has signed itself")
    primary, signing = keys[0], _that_sign(keys)
    return PublicKey(
        fingerprint=Fingerprint(fingerprint),
        user_id=user_ids[0],
        armored=armored,
        user_ids=tuple(user_ids),
        expires_at=_end_of(signing, primary),
        can_sign=bool(signing),
        is_revoked=primary[1] == "r",
        weak=next(filter(None, map(_weakness, {primary, *signing})), ""),
    )


def _that_sign(keys: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    # Lower-case letters are of the (sub)key itself; of what is revoked or not valid, none counts.
    return [each for each in keys if "s" in each[11] and each[1] not in ("r", "i", "d")]


def _user_ids(records: Iterable[tuple[str, ...]]) -> list[str]:
    """The user ids, those that were revoked at the end."""
    rows = [each for each in records if each[0] == "uid"]
    return [_plain(each[9]) for each in sorted(rows, key=lambda each: each[1] == "r")]


def _plain(text: str) -> str:
    r"""*text* without gpg's escapes: \x3a for a colon."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), text)


def _end_of(signing: list[tuple[str, ...]], primary: tuple[str, ...]) -> datetime | None:
    """When the last of them ends; none outlives the primary key."""
    last = _moment(primary)
    ends = [_moment(each) for each in signing]
    own = None if None in ends or not ends else max(filter(None, ends))
    return min(filter(None, (last, own)), default=None)


def _moment(record: tuple[str, ...]) -> datetime | None:
    return datetime.fromtimestamp(int(record[6]), UTC) if record[6] else None


def _weakness(record: tuple[str, ...]) -> str:
    bits, algorithm = int(record[2] or 0), record[3]
    if algorithm == _DSA or algorithm in _RSA:
        name = "DSA" if algorithm == _DSA else "RSA"
        return f"{name} of {bits} bits" if bits < _LEAST_BITS else ""
    return ""
