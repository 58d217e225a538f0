"""One at a time, over all threads and processes of this machine."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, *, is_shared: bool = False) -> Iterator[None]:
    """Wait until nobody else holds *path*, and hold it; whoever dies lets go of it.

    *path* is a folder, or a file that is made for it. Many may hold it at once that share it.
    """
    kind = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = os.open(path, kind | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
