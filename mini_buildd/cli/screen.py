"""How commands show things: short and aligned, in colour on a terminal only.

Each mark has a shape and stands beside a word, so that colour never speaks alone.
"""

import os
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from mini_buildd.cli.plain import plain

_FAINT = "2"
_GAP = 2
_LEAST_COLUMN = 12


@dataclass(frozen=True, slots=True)
class Cell:
    """A text in a table, and its colour (ECMA-48 SGR), if any."""

    text: str
    colour: str = ""


Row = Sequence[Cell | str]


@dataclass(frozen=True, slots=True)
class Screen:
    """Where to print; a terminal has so many *columns*, a file or a pipe any number (None)."""

    stream: TextIO
    has_colours: bool
    columns: int | None = None

    @classmethod
    def of(cls, stream: TextIO) -> "Screen":
        """Colours are for terminals, and for who has not refused them (no-color.org)."""
        refused = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        is_terminal = stream.isatty()
        columns = shutil.get_terminal_size().columns if is_terminal else None
        return cls(stream, is_terminal and not refused, columns)

    def line(self, *cells: Cell | str, indent: int = 0) -> None:
        """Print one line."""
        self.table([cells], indent=indent)

    def table(self, rows: Iterable[Row], *, indent: int = 0) -> None:
        """Print *rows* with their columns aligned.

        What is too wide for a terminal is cut, the widest columns first. Where that would leave too
        little of them, each row of a table with a heading is a paragraph.
        """
        made = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
        columns = max(map(len, made), default=0)
        widths = [max(len(row[i].text) for row in made if i < len(row)) for i in range(columns)]
        fitting = self._fitting(widths, indent)
        if fitting is None and len(made) > 1 and all(cell.colour == _FAINT for cell in made[0]):
            self._paragraphs(made[0], made[1:], indent)
            return
        for row in made:
            cells = [
                self._cell(cell, width) for cell, width in zip(row, fitting or widths, strict=False)
            ]
            self._write((" " * indent + (" " * _GAP).join(cells)).rstrip())

    def _fitting(self, widths: Sequence[int], indent: int) -> Sequence[int] | None:
        """*widths* of columns as they fit; None where too little would be left of some."""
        if self.columns is None or len(widths) == 1:
            return widths
        room = self.columns - indent - _GAP * (len(widths) - 1)
        for most in range(max(widths, default=0), _LEAST_COLUMN - 1, -1):
            cut = [min(width, most) for width in widths]
            if sum(cut) <= room:
                return cut
        return None

    def _paragraphs(
        self, heads: Sequence[Cell], rows: Iterable[Sequence[Cell]], indent: int
    ) -> None:
        """Each row by itself: first what has no heading, then a line for each cell with its own."""
        for row in rows:
            first = [cell for head, cell in zip(heads, row, strict=False) if not head.text]
            self._write((" " * indent + " ".join(self._cell(each) for each in first)).rstrip())
            for head, cell in zip(heads, row, strict=False):
                if head.text and cell.text:
                    self._folded(f"{head.text}: {plain(cell.text)}", indent + _GAP)

    def _folded(self, text: str, indent: int) -> None:
        """*text* in as many lines as it needs."""
        width = max(self.columns or 0, indent + _LEAST_COLUMN) - indent
        for line in textwrap.wrap(text, width, subsequent_indent=" " * _GAP):
            self._write(" " * indent + line)

    def text(self, text: str, *, indent: int = 0) -> None:
        """Print *text* as it stands."""
        for line in text.split("\n"):
            self._write((" " * indent + plain(line)).rstrip())

    def _cell(self, cell: Cell, width: int | None = None) -> str:
        text = plain(cell.text.replace("\n", " "))
        if width is not None and len(text) > width:
            text = text[: width - 1] + "…"
        padding = " " * ((width or 0) - len(text))
        if self.has_colours and cell.colour:
            text = f"\x1b[{cell.colour}m{text}\x1b[0m"
        return text + padding

    def _write(self, line: str) -> None:
        encoding = self.stream.encoding or "ascii"
        print(line.encode(encoding, "replace").decode(encoding), file=self.stream)


def moment(at: datetime) -> str:
    """To the minute; all times here are UTC."""
    return f"{at:%Y-%m-%d %H:%M}"


def heading(*words: str) -> list[Cell]:
    """The first row of a table."""
    return [Cell(word, _FAINT) for word in words]
