"""What a check of the archive finds: a place where disk and database do not agree."""

from dataclasses import dataclass
from enum import StrEnum


class FindingKind(StrEnum):
    """What is wrong."""

    FILE_LOST = "file lost"  # the database names it, the pool has not got it
    FILE_DAMAGED = "file damaged"  # its size or hash is another
    LEFT_OVER = "left over"  # nothing names it
    VERSION_LOST = "version lost"  # a kept version of a suite has no folder
    VERSION_DAMAGED = "version damaged"  # a file of it is missing or not what its Release says
    SIGNATURE = "signature"  # missing, or not by the archive's keys
    DIFFERS = "differs from the database"  # well formed, but saying something else
    POINTER = "pointer"  # what clients are shown is not what is published
    SNAPSHOT = "snapshot"  # its folder is not what the database says
    CACHE = "cache"  # what the next version would be made from is damaged
    KEY = "key"  # the public key that is served is not the one that signs


@dataclass(frozen=True, slots=True)
class Finding:
    """One of them: *where*, below the archive's folder; *repair* is what mends it."""

    kind: FindingKind
    where: str
    expected: str
    found: str
    repair: str
    is_repaired: bool = False
