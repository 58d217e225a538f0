"""Keys of keyrings that others keep: which of them have a key, and what it may upload.

A file that cannot be read is told in the log and counts as empty, and so do permissions that
cannot: who is then refused is told, and nobody is let in by mistake.
"""

import logging
from functools import lru_cache
from pathlib import Path

from mini_buildd.db.uploaders import Keyring, UploadRight, active_keyrings, keyring_rights
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.dm_permissions import Permissions, parse_permissions
from mini_buildd.deb.names import Fingerprint
from mini_buildd.flow.site import Site
from mini_buildd.keys.gpg import GnupgFailed
from mini_buildd.keys.keyring_file import find_in_keyring

_log = logging.getLogger(__name__)


def keys_in_keyrings(site: Site, key_id: str) -> list[tuple[Keyring, str]]:
    """Each keyring that has keys of that id or fingerprint, with these, armored."""
    found = ((each, _find(site, each, key_id)) for each in active_keyrings())
    return [(keyring, armored) for keyring, armored in found if armored]


def _find(site: Site, keyring: Keyring, key_id: str) -> str:
    try:
        return find_in_keyring(Path(keyring.path), site.places.keyrings, key_id)
    except (OSError, GnupgFailed) as error:
        _log.warning("keyring %s cannot be read: %s", keyring.name, error)
        return ""


def rights_of_key(keyring: Keyring, key: Fingerprint) -> tuple[UploadRight, ...]:
    """What the *key* of *keyring* may upload."""
    if not keyring.permissions:
        return keyring_rights(keyring, key, None)
    try:
        allowed = _read(Path(keyring.permissions)).get(key, ())
    except (OSError, MalformedControl) as error:
        _log.warning("the permissions of keyring %s cannot be read: %s", keyring.name, error)
        return ()
    return keyring_rights(keyring, key, allowed)


def _read(path: Path) -> Permissions:
    about = path.stat()
    return _parsed(path, (about.st_ino, about.st_size, about.st_mtime_ns))


@lru_cache(maxsize=16)
def _parsed(path: Path, stamp: tuple[int, int, int]) -> Permissions:
    del stamp  # it only tells one state of the file from another
    return parse_permissions(path.read_bytes())
