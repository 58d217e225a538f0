"""What a client asks of a file beside its name: only if changed, only a part (RFC 9110 §13, §14).

Dates are compared for being the same, never for being older: when a suite is rolled back, the file
behind a name is an earlier one than the client has, and must be sent all the same.
"""

import re
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache

# One range; of several ranges in one request the whole file is a proper answer (§14.2).
_RANGE = re.compile(rb"bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*", re.IGNORECASE)

# No file is as long as this; more digits than that Python would refuse to read.
_MAX_DIGITS = 18


@lru_cache(maxsize=4096)
def http_date(seconds: int) -> bytes:
    """*seconds* since the epoch as HTTP writes dates (§5.6.7)."""
    return formatdate(seconds, usegmt=True).encode("ascii")


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one state of a file from all others; *etag* is a strong one.

    A date counts whole seconds, so within a file's first second another state may follow under the
    same date. Until that is over (*is_settled*) a date is never taken as known, and the file is
    sent with the date of the second before: apt, which asks by date, would miss the second of two
    publications.
    """

    etag: bytes
    modified: bytes
    is_settled: bool

    @classmethod
    def of(cls, inode: int, size_bytes: int, modified_ns: int, now: float) -> "Validators":
        """From what the file system says of a file, which is only ever replaced as a whole."""
        modified, newest = modified_ns // 1_000_000_000, int(now) - 1
        return cls(
            etag=b'"%x-%x-%x"' % (inode, size_bytes, modified_ns),
            modified=http_date(min(modified, newest)),
            is_settled=modified <= newest,
        )

    def is_known(self, if_none_match: bytes | None, if_modified_since: bytes | None) -> bool:
        """Whether the client has just this already: 304 (§13.2.2)."""
        if if_none_match is not None:
            tags = (tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b","))
            return if_none_match.strip() == b"*" or self.etag in tags
        return self.is_settled and if_modified_since == self.modified

    def continues(self, if_range: bytes | None) -> bool:
        """Whether a part of this belongs to what the client has got so far (§13.1.5)."""
        return (
            if_range is None
            or if_range == self.etag
            or (self.is_settled and if_range == self.modified)
        )


class Unsatisfiable(Exception):
    """The range begins behind the end of the file."""


def part_of(size_bytes: int, wanted: bytes) -> tuple[int, int] | None:
    """Begin and end (exclusive) of the part that a Range field asks for.

    None when it asks for nothing that is known here, so that the whole file is the answer; raises
    Unsatisfiable.
    """
    match = _RANGE.fullmatch(wanted)
    if match is None or wanted.endswith(b"=-"):
        return None
    first, last = match.groups()
    if not first:
        begin, end = size_bytes - min(_number(last), size_bytes), size_bytes
    else:
        begin, end = _number(first), min(_number(last) + 1, size_bytes) if last else size_bytes
        if last and _number(last) < begin:
            return None
    if begin >= size_bytes:
        raise Unsatisfiable
    return begin, end


def _number(digits: bytes) -> int:
    digits = digits.lstrip(b"0")
    return int(digits or b"0") if len(digits) <= _MAX_DIGITS else 10**_MAX_DIGITS
