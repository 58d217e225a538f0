"""Looking for a text in a log of any size, here and not in the browser, which has a part of it."""

from dataclasses import dataclass
from pathlib import Path

from mini_buildd.tools.log_file import open_log
from mini_buildd.tools.log_plain import plain
from mini_buildd.tools.sbuild_log import Line, is_error

_MOST_LINES = 200
_MOST_BYTES = 128 << 20
_LONGEST_LINE = 1 << 20
_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Hits:
    """The lines that have the text; *is_cut* when there may be more of them."""

    wanted: str
    lines: tuple[Line, ...]
    is_cut: bool


def find_in_log(path: Path, wanted: str) -> Hits:
    """The first lines of the log with *wanted*, in capitals or not. Raises FileNotFoundError."""
    needle = wanted.casefold()
    # Few lines hold it, so the bytes are looked through before anything is decoded.
    probe = needle.encode() if needle.isascii() else b""
    found: list[Line] = []
    number, read = 1, 0
    with open_log(path) as stream:
        while read < _MOST_BYTES and (data := stream.readline(_LONGEST_LINE)):
            text = _shown(data, probe)
            if needle in text.casefold():
                if len(found) == _MOST_LINES:
                    return Hits(wanted, tuple(found), is_cut=True)
                found.append(Line(number, text[:_SHOWN], is_error(text)))
            read += len(data)
            number += data.endswith(b"\n")
    return Hits(wanted, tuple(found), is_cut=read >= _MOST_BYTES)


def _shown(data: bytes, probe: bytes) -> str:
    """A line as it is shown; empty when its bytes tell already that it does not have the text."""
    if probe and probe not in data.lower():
        return ""
    return plain(data.decode(errors="replace").rstrip("\n"))
