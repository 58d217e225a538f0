"""Reading the text of an sbuild log: its phases, its summary, and the part that says why it failed.

All functions are pure and work on whatever piece of a log they are given, so a log of any size can
be read piece by piece. The forms are those of Sbuild::Build (log_subsection, add_stat) and hold
from sbuild 0.85 to 0.91.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_BORDER = r"\+-{20,}\+"
# Begins with a plain "+-", for which the regular expression engine searches quickly.
_HEADING = re.compile(rf"{_BORDER}\n\| ([^\n]+?) *\|\n{_BORDER}(?=\n|\Z)".encode())
_TITLE = re.compile(r"\| (.+?) *\|")
_STAT = re.compile(r"([A-Z][A-Za-z -]*): *(.*)")

# What comes after the package's own failure or success and never holds its reason.
AFTERMATH = frozenset({"Post Build", "Post Build Failed Commands", "Cleanup", "Summary"})

_ERROR = re.compile(
    r"\berror:|\bError [1-9]\d*\b|^E: |^FAIL(?:ED)?\b|\bFAILED\b|Segmentation fault"
    r"|undefined reference|^Traceback \(most recent call last\)|\bAborted\b|^make.*\*\*\*"
)
_HARMLESS = re.compile(r"\(ignored\)|\bxfail\b|XFAIL")


@dataclass(frozen=True, slots=True)
class Phase:
    """A boxed heading of the log; *line_number* is that of its title, counted from 1."""

    title: str
    line_number: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log with its number, counted from 1."""

    number: int
    text: str
    is_error: bool = False


def heading(title: str) -> str:
    """*title* as sbuild boxes the beginning of a phase."""
    border = f"+{'-' * 78}+"
    return f"\n{border}\n| {title:<76} |\n{border}\n\n"


def phases_in(piece: bytes, first_line: int = 1) -> Iterator[Phase]:
    """The phases that begin in *piece*, whose first line has the number *first_line*."""
    line, seen = first_line, 0
    for match in _HEADING.finditer(piece):
        if match.start() and piece[match.start() - 1] != ord("\n"):
            continue
        line += piece.count(b"\n", seen, match.start())
        seen = match.start()
        yield Phase(match[1].decode(errors="replace"), line + 1)


def phases(lines: Iterable[str]) -> tuple[Phase, ...]:
    """The phases of a whole log, given line by line."""
    return tuple(phases_in("\n".join(lines).encode(errors="replace")))


def unfinished_heading(piece: bytes) -> int:
    """Where a heading begins that the end of *piece* (whole lines) cuts off; else its length."""
    last = piece.rfind(b"\n", 0, max(len(piece) - 1, 0)) + 1
    before = piece.rfind(b"\n", 0, max(last - 1, 0)) + 1
    is_title = piece.startswith(b"| ", last)
    if is_title and piece.startswith(b"+--", before):
        return before
    closes = piece.startswith(b"| ", before)
    return last if piece.startswith(b"+--", last) and not closes else len(piece)


def summary(text: str) -> Mapping[str, str]:
    """The fields of the last Summary: Status, Fail-Stage, Build-Time (seconds), …; may be empty."""
    found: dict[str, str] = {}
    _, heading, block = text.rpartition("\n| Summary ")
    if not heading:
        return found
    for line in block.splitlines()[2:]:
        if line.startswith("-----"):
            break
        if match := _STAT.fullmatch(line.strip()):
            found[match[1]] = match[2]
    return found


def is_error(line: str) -> bool:
    """Whether *line* looks like the reason of a failure."""
    return _ERROR.search(line) is not None and _HARMLESS.search(line) is None


def _without_trailer(lines: list[Line]) -> list[Line]:
    """Without what sbuild adds to the end of each build, when an error stands before that."""
    for place, line in enumerate(lines):
        if line.text.startswith("Build finished at ") and any(
            item.is_error for item in lines[:place]
        ):
            lines = lines[:place]
            break
    while lines and not lines[-1].text.strip("- "):
        lines = lines[:-1]
    return lines


class _Part:
    """What is kept of one phase while its lines pass: around the first error, and the last ones."""

    def __init__(self, around: int, last: int) -> None:
        self._around = around
        self._before: deque[Line] = deque(maxlen=around)
        self._first: list[Line] = []
        self._last: deque[Line] = deque(maxlen=last)

    def add(self, line: Line) -> None:
        """Take the next line."""
        self._last.append(line)
        if self._first:
            if len(self._first) < 3 * self._around + 1:
                self._first.append(line)
        elif line.is_error:
            self._first = [*self._before, line]
        else:
            self._before.append(line)

    def lines(self) -> tuple[Line, ...]:
        """Both parts in order, each line once."""
        kept = {line.number: line for line in (*self._first, *self._last)}
        return tuple(_without_trailer([kept[number] for number in sorted(kept)]))


def excerpt(
    lines: Iterable[str], first_line: int = 1, *, around: int = 2, last: int = 14
) -> tuple[Line, ...]:
    """The failing part: about the first error of the failing phase, and how that phase ended.

    The failing phase is the last one before sbuild cleans up.
    """
    part, border = _Part(around, last), False
    for number, text in enumerate(lines, first_line):
        match = _TITLE.fullmatch(text) if border else None
        if match is not None:
            if match[1] in AFTERMATH:
                break
            part = _Part(around, last)
            border = False
            continue
        border = text.startswith("+-----")
        if not border:
            part.add(Line(number, text, is_error(text)))
    return part.lines()
