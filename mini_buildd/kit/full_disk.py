"""Whether it was a full disk that made something fail."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

_NUMBERS = frozenset({errno.ENOSPC, errno.EDQUOT})

# What SQLite says (sqlite3_errstr(SQLITE_FULL)), and programs that only tell us in words.
_WORDS = (
    "database or disk is full",
    *(os.strerror(number) for number in sorted(_NUMBERS)),
    "No space left on device",
    "Disk quota exceeded",
)


def free_bytes(folder: Path) -> int:
    """How much room there is on the disk of *folder*."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def is_full_disk(error: BaseException) -> bool:
    """Whether *error*, or what it came from, says that a disk or somebody's share of it is full."""
    return any(
        (isinstance(each, OSError) and each.errno in _NUMBERS)
        or any(word in str(each) for word in _WORDS)
        for each in _causes(error)
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        at = at.__cause__ or at.__context__
