"""Who holds a lock on a file (flock(2)), asked without taking it."""

from pathlib import Path

_LOCKS = Path("/proc/locks")


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
