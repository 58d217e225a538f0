"""Digests of files that are looked at again and again while the rest of something is awaited.

A file is told by where its bytes are, how many, and when they were last written (inode(7)): what is
linked to another place stays the same file, what is written again is another.
"""

import os
import threading
from collections import OrderedDict
from pathlib import Path

from mini_buildd.kit.hashing import Digests, hash_stream

_MOST = 10_000

_Key = tuple[int, int, int, int]


class DigestCache:
    """The digests of the files that were hashed last; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[_Key, Digests] = OrderedDict()
        self.hashed_bytes = 0

    def of(self, path: Path) -> Digests:
        """Size and digests of the file at *path*, which nobody writes to any more.

        Raises FileNotFoundError.
        """
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            with self._lock:
                if key in self._known:
                    self._known.move_to_end(key)
                    return self._known[key]
            digests = hash_stream(stream)
        with self._lock:
            self.hashed_bytes += digests.size_bytes
            self._known[key] = digests
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return digests
