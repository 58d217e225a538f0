"""How commands show things: short and aligned, in colour on a terminal only.

Each mark has a shape and stands beside a word, so that colour never speaks alone.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from mini_buildd.cli.plain import plain

_FAINT = "2"


@dataclass(frozen=True, slots=True)
class Cell:
    """A text in a table, and its colour (ECMA-48 SGR), if any."""

    text: str
    colour: str = ""


Row = Sequence[Cell | str]


@dataclass(frozen=True, slots=True)
class Screen:
    """Where to print."""

    stream: TextIO
    has_colours: bool

    @classmethod
    def of(cls, stream: TextIO) -> "Screen":
        """Colours are for terminals, and for who has not refused them (no-color.org)."""
        refused = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return cls(stream, stream.isatty() and not refused)

    def line(self, *cells: Cell | str, indent: int = 0) -> None:
        """Print one line."""
        self.table([cells], indent=indent)

    def table(self, rows: Iterable[Row], *, indent: int = 0) -> None:
        """Print *rows* with their columns aligned."""
        made = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
        columns = max(map(len, made), default=0)
        widths = [max(len(row[i].text) for row in made if i < len(row)) for i in range(columns)]
        for row in made:
            cells = [self._cell(cell, width) for cell, width in zip(row, widths, strict=False)]
            self._write((" " * indent + "  ".join(cells)).rstrip())

    def text(self, text: str, *, indent: int = 0) -> None:
        """Print *text* as it stands."""
        for line in text.split("\n"):
            self._write((" " * indent + plain(line)).rstrip())

    def _cell(self, cell: Cell, width: int) -> str:
        text, padding = plain(cell.text.replace("\n", " ")), " " * (width - len(cell.text))
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
