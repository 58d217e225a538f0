"""The log of a build on disk: plain while it grows, compressed some time after its end.

Whoever reads it gets the same bytes at the same offsets from either form. While both are there
the plain one counts: the compressed one may be of a moment when the log still grew.
"""

from pathlib import Path
from typing import BinaryIO

from mini_buildd.kit.seekable import compress, open_seekable


def compressed(log: Path) -> Path:
    """Where the compressed form of *log* is."""
    return log.with_name(f"{log.name}.zst")


def open_log(log: Path) -> BinaryIO:
    """The bytes of *log*, whichever form it has. Raises FileNotFoundError, DamagedFile.

    The plain form is tried first: it goes only when the other is there, so one is always found.
    """
    try:
        return log.open("rb")
    except FileNotFoundError:
        return open_seekable(compressed(log))


def compress_log(log: Path) -> int:
    """Put the compressed form in place of the plain *log*; gives the plain size.

    May be repeated after a crash at any moment. A log that grew meanwhile stays as it is.
    """
    target = compressed(log)
    for left in log.parent.glob(f".{target.name}.*.tmp"):
        left.unlink(missing_ok=True)
    size = compress(log, target)
    if log.stat().st_size == size:
        log.unlink()
    return size
