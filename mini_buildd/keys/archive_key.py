"""The key that signs what this instance publishes: made once, without questions."""

from dataclasses import dataclass
from pathlib import Path

from mini_buildd.deb.names import Fingerprint
from mini_buildd.keys import gpg
from mini_buildd.kit.atomic import write_file

_VALID_FOR = "5y"


@dataclass(frozen=True, slots=True)
class ArchiveKey:
    """A secret key in the GnuPG folder *home* and its public part."""

    home: Path
    fingerprint: Fingerprint
    public_key: str

    def clearsign(self, data: bytes) -> bytes:
        """*data* with the signature in one text, as InRelease is."""
        return gpg.sign(self.home, self.fingerprint, data, detached=False)

    def sign_detached(self, data: bytes) -> bytes:
        """The armored signature alone, as Release.gpg is."""
        return gpg.sign(self.home, self.fingerprint, data, detached=True)


def ensure_archive_key(home: Path, identity: str) -> ArchiveKey:
    """The archive key of the instance called *identity*, made now when there is none.

    Its fingerprint is written down only once the key is whole, so an interrupted making is
    made again.
    """
    note = home / "archive-key"
    if not note.exists():
        made = gpg.make_signing_key(
            home, f"{identity} archive", f"{identity}@archive.invalid", expires=_VALID_FOR
        )
        write_file(note, f"{made}\n".encode())
    fingerprint = Fingerprint(note.read_text(encoding="ascii").strip())
    return ArchiveKey(home, fingerprint, gpg.export_key(home, fingerprint))
