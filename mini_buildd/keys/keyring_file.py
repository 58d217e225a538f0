"""Keyrings that others keep, such as Debian's: files of many keys, asked for one at a time.

A file is asked anew once it has changed, as with an upgrade of its package.
"""

from functools import lru_cache
from pathlib import Path

from mini_buildd.keys import gpg


def find_in_keyring(keyring: Path, home: Path, key_id: str) -> str:
    """The armored public keys of that id or fingerprint in the file; empty when it has none.

    *home* is any folder of ours. Raises OSError when the file cannot be read, GnupgFailed when it
    is no keyring.
    """
    about = keyring.stat()
    stamp = (about.st_ino, about.st_size, about.st_mtime_ns)
    return _find(keyring, home, key_id, stamp)


@lru_cache(maxsize=4096)
def _find(keyring: Path, home: Path, key_id: str, stamp: tuple[int, int, int]) -> str:
    del stamp  # it only tells one state of the file from another
    with keyring.open("rb"):
        pass  # gpg says of a file that it may not read that it has no such key
    return gpg.export_from(keyring, home, key_id).decode("ascii")
