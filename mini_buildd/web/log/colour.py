"""The colours that a line of a log sets for terminals (ECMA-48, "select graphic rendition").

Foreground and bold are shown; backgrounds and the many colours of modern terminals would be
unreadable on our paper. log.js does the same to lines it adds.
"""

import re
from collections.abc import Iterator

from mini_buildd.tools.log_plain import CONTROL, ESCAPE

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_BOLD, _NOT_BOLD, _DEFAULT = 1, 22, 39
_EXTENDED = (38, 48)


def coloured(line: str) -> Iterator[tuple[str, str]]:
    """The pieces of *line* with their class names ("c1 cb": red, bold; empty: as it is).

    All the pieces together are what plain() gives.
    """
    pieces = list(_pieces(line))
    bare = "".join(text for text, _ in pieces).rstrip("\r")
    begin, end, place = bare.rfind("\r") + 1, len(bare), 0
    for text, look in pieces:
        shown = CONTROL.sub("", text[max(begin - place, 0) : max(end - place, 0)])
        place += len(text)
        if shown:
            yield shown, look


def _pieces(line: str) -> Iterator[tuple[str, str]]:
    place, colour, is_bold = 0, "", False
    for match in ESCAPE.finditer(line):
        yield line[place : match.start()], f"{colour}{' cb' if is_bold else ''}".strip()
        place = match.end()
        if sgr := _SGR.fullmatch(match[0]):
            colour, is_bold = _after(sgr[1], colour, is_bold=is_bold)
    yield line[place:], f"{colour}{' cb' if is_bold else ''}".strip()


def _after(codes: str, colour: str, *, is_bold: bool) -> tuple[str, bool]:
    """Colour and weight after the *codes* of one sequence."""
    for code in (int(code[:4] or 0) for code in codes.split(";")):
        if code in _EXTENDED:
            break  # what follows names one of many colours
        if code == 0:
            colour, is_bold = "", False
        elif code in (_BOLD, _NOT_BOLD):
            is_bold = code == _BOLD
        elif code == _DEFAULT:
            colour = ""
        elif code // 10 in (3, 9) and code % 10 <= 7:  # noqa: PLR2004  # eight colours, twice
            colour = f"c{code % 10}"
    return colour, is_bold
