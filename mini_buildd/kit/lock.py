"""One at a time, over all threads and processes of this machine (flock(2))."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCKS = Path("/proc/locks")


@contextmanager
def locked(path: Path, *, is_shared: bool = False) -> Iterator[int]:
    """Wait until nobody else holds *path*, and hold it; whoever dies lets go of it.

    *path* is a folder, or a file that is made for it. Many may hold it at once that share it.
    Gives the descriptor: a process that inherits it holds the lock as well.
    """
    kind = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = os.open(path, kind | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def try_locked(path: Path) -> Iterator[bool]:
    """Hold the file *path* alone, if nobody else holds it now; gives whether that is so."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether some process holds *path* locked, as far as this machine tells (proc_locks(5)).

    Taking the lock to find out would turn away who wants it at that moment. The number of the
    device is left aside: some file systems have two of them.
    """
    try:
        inode = path.stat().st_ino
        lines = _LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    held = [line.split() for line in lines if " FLOCK " in line and " -> " not in line]
    return any(words[5].rpartition(":")[2] == str(inode) for words in held)
