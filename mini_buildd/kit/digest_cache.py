"""Digests of files that are looked at again and again while the rest of something is awaited.

A file is told by where its bytes are, how many, and when they were last written (inode(7)): what is
linked to another place stays the same file, what is written again is another.
"""

import contextlib
import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import IO

from mini_buildd.kit.hashing import Digests, hash_stream

_MOST = 10_000

_Key = tuple[int, int, int, int]
_SIZE = 2


class _Stopped(Exception):
    """Nobody wants to know any more."""


class DigestCache:
    """The digests of the files that were hashed last; for any thread.

    Hashing gigabytes takes a minute, so whoever must not wait for that asks by known_or_wanted, and
    somebody else calls hash_wanted.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[_Key, Digests] = OrderedDict()
        self._wanted: OrderedDict[Path, None] = OrderedDict()
        self._is_stopped = False
        self.hashed_bytes = 0

    def is_wanting(self) -> bool:
        """Whether there is something for hash_wanted to do."""
        with self._lock:
            return bool(self._wanted)

    def of(self, path: Path) -> Digests:
        """Size and digests of the file at *path*, which nobody writes to any more.

        Raises FileNotFoundError.
        """
        return self._hash(path, is_stoppable=False)

    def _hash(self, path: Path, *, is_stoppable: bool) -> Digests:
        with path.open("rb") as stream:
            key = _key(stream)
            found = self._find(key)
            if found is not None:
                return found
            digests = hash_stream(_Stoppable(stream, self) if is_stoppable else stream)
        with self._lock:
            self.hashed_bytes += digests.size_bytes
            self._known[key] = digests
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return digests

    def known_or_wanted(self, path: Path, *, most_bytes: int) -> Digests | None:
        """The same of a file of *most_bytes*, or of a larger one that was hashed; else None.

        The latter is noted for hash_wanted. Raises FileNotFoundError.
        """
        with path.open("rb") as stream:
            key = _key(stream)
        found = self._find(key)
        if found is not None or key[_SIZE] <= most_bytes:
            return found or self.of(path)
        with self._lock:
            self._wanted[path] = None
        return None

    def hash_wanted(self) -> int:
        """Hash what was wanted; how many files that were."""
        count = 0
        while not self._is_stopped:
            with self._lock:
                if not self._wanted:
                    break
                path, _ = self._wanted.popitem(last=False)
            with contextlib.suppress(FileNotFoundError, _Stopped):
                self._hash(path, is_stoppable=True)
                count += 1
        return count

    def stop(self) -> None:
        """Let hash_wanted end at once."""
        self._is_stopped = True

    @property
    def is_stopped(self) -> bool:
        """Whether it is to end."""
        return self._is_stopped

    def _find(self, key: _Key) -> Digests | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)


class _Stoppable:
    """A stream that raises _Stopped when nobody wants to know any more."""

    def __init__(self, stream: IO[bytes], cache: DigestCache) -> None:
        self._stream, self._cache = stream, cache

    def read(self, size: int) -> bytes:
        """The next bytes."""
        if self._cache.is_stopped:
            raise _Stopped
        return self._stream.read(size)


def _key(stream: IO[bytes]) -> _Key:
    status = os.fstat(stream.fileno())
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
