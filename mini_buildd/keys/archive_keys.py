"""The keys that sign what this instance publishes: made without questions, rotated, retired.

Which of them sign is one small file in the GnuPG folder, a fingerprint a line, the newest first.
It is read at each use, so that a running daemon follows what the command line changes. All that
are in it sign, so a client that knows just one of them verifies what is published.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from mini_buildd.deb.names import Fingerprint
from mini_buildd.domain.key_expiry import SigningKey
from mini_buildd.keys import gpg
from mini_buildd.kit.atomic import write_file
from mini_buildd.kit.clock import utc_now
from mini_buildd.kit.lock import locked

_VALID_FOR = "5y"


class UnknownSigningKey(Exception):
    """The instance has no such key."""


class LastSigningKey(Exception):
    """Without this key nobody could sign."""


@dataclass(frozen=True, slots=True)
class ArchiveKeys:
    """The signing keys in the GnuPG folder *home*, as they are at each call."""

    home: Path

    def fingerprints(self) -> tuple[Fingerprint, ...]:
        """Those that sign, newest first; none before the first one is made."""
        try:
            words = _note(self.home).read_text(encoding="ascii").split()
        except FileNotFoundError:
            return ()
        return tuple(Fingerprint(word) for word in words)

    def listing(self) -> tuple[SigningKey, ...]:
        """The same with their ends, as far as GnuPG has them."""
        return self._read().keys

    def public_key(self) -> str:
        """All of them as one armored block.

        apt 2.6 reads no more than the first block of a Signed-By.
        """
        return self._read().public_key

    def clearsign(self, data: bytes) -> bytes:
        """*data* with the signatures in one text, as InRelease is."""
        return gpg.sign(self.home, self._able(), data, detached=False)

    def sign_detached(self, data: bytes) -> bytes:
        """The armored signatures alone, as Release.gpg is."""
        return gpg.sign(self.home, self._able(), data, detached=True)

    def clearsign_alone(self, data: bytes) -> bytes:
        """*data* signed by the newest key only, as an upload is."""
        return gpg.sign(self.home, self._able()[:1], data, detached=False)

    def _able(self) -> tuple[Fingerprint, ...]:
        """Those that have not run out: GnuPG would refuse the whole signature for one that has."""
        past = _expired(self.listing())
        able = tuple(each for each in self.fingerprints() if each not in past)
        if not able:
            raise gpg.GnupgFailed("no archive key that is valid; make one: mini-buildd key rotate")
        return able

    def _read(self) -> "_Read":
        return _read(self.home, self.fingerprints(), _stamp(self.home))


def ensure_archive_keys(home: Path, identity: str) -> ArchiveKeys:
    """The archive keys of the instance called *identity*; the first is made when there is none."""
    with locked(home):
        keys = ArchiveKeys(home)
        if not keys.fingerprints():
            _write(home, (_make(home, identity),))
        return keys


def rotate(home: Path, identity: str) -> Fingerprint:
    """Make a new key that signs from now on, before those that sign already.

    It is written down last: killed before that, nothing has changed, and a secret key that
    nobody lists signs nothing.
    """
    with locked(home):
        made = _make(home, identity)
        _write(home, (made, *ArchiveKeys(home).fingerprints()))
        return made


def retire(home: Path, fingerprint: Fingerprint) -> bool:
    """Let a key sign no more; whether it did until now.

    Raises UnknownSigningKey, or LastSigningKey when no other key could sign.
    """
    with locked(home):
        keys = ArchiveKeys(home)
        signing = keys.fingerprints()
        if fingerprint not in signing:
            if fingerprint not in {str(key["fingerprint"]) for key in gpg.list_keys(home)}:
                raise UnknownSigningKey(fingerprint)
            return False
        past = _expired(keys.listing())
        rest = tuple(each for each in signing if each != fingerprint)
        if all(each in past for each in rest):
            raise LastSigningKey(fingerprint)
        _write(home, rest)
        return True


def _note(home: Path) -> Path:
    return home / "archive-key"


def _write(home: Path, fingerprints: tuple[Fingerprint, ...]) -> None:
    write_file(_note(home), "".join(f"{each}\n" for each in fingerprints).encode())


def _make(home: Path, identity: str) -> Fingerprint:
    made = gpg.make_signing_key(
        home, f"{identity} archive", f"{identity}@archive.invalid", expires=_VALID_FOR
    )
    return Fingerprint(made)


def _expired(keys: tuple[SigningKey, ...]) -> set[Fingerprint]:
    at = utc_now()  # GnuPG's own clock
    return {key.fingerprint for key in keys if key.expires_at is not None and key.expires_at <= at}


@dataclass(frozen=True, slots=True)
class _Read:
    """What GnuPG says of some keys."""

    public_key: str
    keys: tuple[SigningKey, ...]


def _stamp(home: Path) -> int:
    """Another one when somebody has changed a key, such as its end, by GnuPG."""
    try:
        return (home / "pubring.kbx").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@lru_cache(maxsize=8)
def _read(home: Path, fingerprints: tuple[Fingerprint, ...], stamp: int) -> _Read:
    """What GnuPG says of the keys; *stamp* tells one state of its folder from another."""
    del stamp
    if not fingerprints:
        return _Read("", ())
    ends = {str(key["fingerprint"]): str(key["expires"]) for key in gpg.list_keys(home)}
    keys = tuple(
        SigningKey(each, datetime.fromtimestamp(int(ends[each]), UTC) if ends[each] else None)
        for each in fingerprints
        if each in ends
    )
    return _Read(gpg.export_keys(home, fingerprints), keys)
