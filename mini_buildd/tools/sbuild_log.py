"""Reading the text of an sbuild log: its phases, its summary, and which lines tell of errors.

All functions are pure and work on whatever piece of a log they are given, so a log of any size can
be read piece by piece. The forms are those of Sbuild::Build (log_subsection, add_stat) and hold
from sbuild 0.85 to 0.91.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_BORDER = r"\+-{20,}\+"
# The sbuild of trixie and later dates some of its headings.
_DATE = r"(?: *[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} \+0000)?"
# Begins with a plain "+-", for which the regular expression engine searches quickly.
_HEADING = re.compile(rf"{_BORDER}\n\| ([^\n]+?){_DATE} *\|\n{_BORDER}(?=\n|\Z)".encode())
TITLE = re.compile(rf"\| (.+?){_DATE} *\|")
_STAT = re.compile(r"([A-Z][A-Za-z -]*): *(.*)")

# What comes after the package's own failure or success and never holds its reason.
AFTERMATH = frozenset({"Post Build", "Post Build Failed Commands", "Cleanup", "Summary"})

# log.js knows the same two.
_ERROR = re.compile(
    r"\b(?:error(?:\[E\d+\])?|ERROR):|\bError [1-9]\d*\b|^E: |^E {3,}\S|^ *-* ?FAIL(?:ED|URE)?\b"
    r"|\bFAILED\b|\*\*\*(?:Failed|Exception|Timeout)\b|^not ok \d|^Result: FAIL|^panic: "
    r"|^# +Failed test|\bFAIL +[\d.]+ ?s\b|Segmentation fault|undefined reference|fatal error"
    r"|^CMake Error|^Traceback \(most recent call last\)|^[\w.]*(?:Error|Exception): |\bin @INC\b"
    r"|\bAborted\b|^Killed\b|^make.*\*\*\*|^mini-buildd: |No space left on device"
    r"|Cannot allocate memory|Temporary failure in name resolution|Could not resolve host"
    r"|unmet dependencies|: (?:Build-)?Depends: |Cannot find \(any matches for\)"
    r"|but is not installed to anywhere|\bunsat-dependency: "
)
_HARMLESS = re.compile(
    r"\(ignored\)|\bxfail\b|XFAIL|# (?:TODO|SKIP)|\b(?:FAIL|ERROR|[Ee]rror)s?: +0\b|checking for "
)


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
