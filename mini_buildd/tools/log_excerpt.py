"""The few lines of a log that say why a build failed.

A build's last words are mostly consequences ("make: *** Error 2"), and an early "error:" may have
been harmless: configure scripts try things that fail. So the excerpt has, of the step that
failed, the first line that tells a reason and the last one, what stands before the chain of
consequences, and the end.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from mini_buildd.tools.sbuild_log import AFTERMATH, TITLE, Line, is_error

MOST_LINES = 60
_LONGEST = 1000

# debhelper says each step that it begins, and begins the next one only after success.
_STEP = re.compile(r" {3}(?:dh_\w+|debian/rules \w+)")
_CONSEQUENCE = re.compile(
    r"g?make(?:\[\d+\])?: |ninja: build stopped|dpkg-buildpackage: error|collect2: error"
    r"|dh_auto_\w+: error|dh_\w+: error: (?:failing due|.* returned exit code)|apt-get failed"
    r"|Errors while running CTest|E: (?:Build failure|Package installation failed|FAILED \[)"
    r"|FAILED \[|cd .* returned exit code"
)
# What these lines announce stands below them.
_ANNOUNCES = re.compile(
    r"see diff output below|following tests FAILED|unmet dependencies:|short test summary"
    r"|= FAILURES =|^FAIL(?:ED)?: |\bFAIL\b.*:$"
)
_FINISHED = "Build finished at "
_END_LINES = 8


def excerpt(lines: Iterable[str], first_line: int = 1) -> tuple[Line, ...]:
    """The failing part of a log, or of its end, whose first line has the number *first_line*.

    At most MOST_LINES lines; none only where there is nothing but headings and blank lines. The
    failing phase is the last one before sbuild cleans up.
    """
    part = _without_trailer(_failing_phase(lines, first_line))
    wanted = sorted(set(_wanted(part)))
    if len(wanted) > MOST_LINES:
        wanted = wanted[: MOST_LINES - _END_LINES] + wanted[-_END_LINES:]
    return tuple(_short(part[place]) for place in wanted)


def _failing_phase(lines: Iterable[str], first_line: int) -> list[Line]:
    """The lines of the last phase with any words in it before the aftermath."""
    part: list[tuple[int, str]] = []
    earlier: list[tuple[int, str]] = []
    after_border = False
    for number, text in enumerate(lines, first_line):
        match = TITLE.fullmatch(text) if after_border else None
        if match is not None:
            if match[1] in AFTERMATH:
                break
            earlier, part = (part if _has_words(part) else earlier), []
        after_border = text.startswith("+-----")
        if match is None and not after_border:
            part.append((number, text))
    chosen = part if _has_words(part) else earlier
    return [Line(number, text, is_error(text)) for number, text in chosen]


def _has_words(lines: Iterable[tuple[int, str]]) -> bool:
    return any(text.strip("- ") for _, text in lines)


def _without_trailer(lines: list[Line]) -> list[Line]:
    """Without what sbuild adds to the end of each build, when an error stands before that."""
    for place, line in enumerate(lines):
        if line.text.startswith(_FINISHED) and any(item.is_error for item in lines[:place]):
            lines = lines[:place]
            break
    while lines and not lines[-1].text.strip("- "):
        lines = lines[:-1]
    return lines


def _wanted(lines: Sequence[Line]) -> Iterator[int]:
    """The places of the lines to show, in any order."""
    chain = _chain(lines)
    for place, before, after in ((chain, 5, 3), (len(lines) - 1, _END_LINES - 1, 0)):
        yield from _about(lines, place, before, after)
    reasons = _reasons(lines)
    for place in {reasons[0], reasons[-1]} if reasons else ():
        announces = _ANNOUNCES.search(lines[place].text) is not None
        yield from _about(lines, place, 2, 16 if announces else 5)


def _about(lines: Sequence[Line], place: int, before: int, after: int) -> range:
    return range(max(0, place - before), min(len(lines), place + after + 1))


def _reasons(lines: Sequence[Line]) -> list[int]:
    """Where reasons are told: in the step that failed, else anywhere."""
    told = [
        place
        for place, line in enumerate(lines)
        if line.is_error and not _CONSEQUENCE.match(line.text)
    ]
    step = max((at for at, line in enumerate(lines) if _STEP.match(line.text)), default=0)
    return [place for place in told if place >= step] or told


def _chain(lines: Sequence[Line]) -> int:
    """Where the chain of consequences begins that the log ends with."""
    place = len(lines) - 1
    while place > 0 and _follows(lines[place - 1].text):
        place -= 1
    return place


def _follows(text: str) -> bool:
    return not text.strip() or _CONSEQUENCE.match(text) is not None


def _short(line: Line) -> Line:
    if len(line.text) <= _LONGEST:
        return line
    return Line(line.number, f"{line.text[:_LONGEST]}…", line.is_error)
