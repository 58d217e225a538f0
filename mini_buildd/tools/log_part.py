"""The bytes of a log from an offset on: what a follower asks for until it is told "ended"."""

from dataclasses import dataclass
from pathlib import Path

from mini_buildd.tools.log_file import open_log

MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of the log; ask for the next ones at *next_offset*, unless it *has_ended*."""

    data: bytes
    next_offset: int
    has_ended: bool


def read_part(path: Path, offset: int, *, is_over: bool) -> Part:
    """At most 1 MiB of *path* from *offset* on; a log that is not there yet is empty.

    *is_over*: whether the attempt had ended before this call, so the log grows no more. Whoever
    adds up the parts of all answers has exactly the log.
    """
    try:
        with open_log(path) as stream:
            size = stream.seek(0, 2)
            stream.seek(min(offset, size))
            data = stream.read(MAX_BYTES)
    except FileNotFoundError:
        return Part(b"", 0, is_over)
    reached = min(offset, size) + len(data)
    return Part(data, reached, is_over and reached >= size)
