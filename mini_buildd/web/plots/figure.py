"""A plot as the page draws it: boxes, curves and labels, and the same numbers as a table.

Across the page lengths are percentages and down the page they are px, so a plot fits every width
and its letters keep their size. All of them are text already: a decimal comma of the reader's
language would break the drawing. mini_buildd/figure.html draws it, by the classes of style.css.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What something in a plot is; each has its colour in style.css, as states have theirs."""

    GOOD = "good"
    BAD = "bad"
    HELD = "held"
    RUNNING = "running"
    WAITING = "waiting"
    ACCENT = "accent"
    VIOLET = "violet"
    TEAL = "teal"
    PALE = "pale"
    """What holds nothing up."""


# For series that are neither good nor bad, such as architectures, in the order of their use.
PLAIN_KINDS = (Kind.ACCENT, Kind.TEAL, Kind.VIOLET, Kind.HELD, Kind.RUNNING, Kind.WAITING)


@dataclass(frozen=True, slots=True)
class Words:
    """What a plot is: its *name* on the page (an id), its title, and what it says in a sentence."""

    name: str
    title: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle; *words* are shown when it is pointed at."""

    kind: str
    x: str
    y: str
    width: str
    height: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a curve."""

    kind: str
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Curve:
    """The "d" of a path in a drawing that is 1000 wide."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class Label:
    """Letters at a place; *anchor* is SVG's text-anchor."""

    text: str
    x: str
    y: str
    anchor: str = "start"
    kind: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table: its first cell, which may be a link, and the others."""

    word: str
    url: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """All of a plot; *rules* are the heights of its horizontal lines."""

    words: Words
    height: str
    boxes: tuple[Box, ...] = ()
    strips: tuple[Box, ...] = ()
    curves: tuple[Curve, ...] = ()
    dots: tuple[Dot, ...] = ()
    rules: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[TableRow, ...] = ()


def percent(part: float) -> str:
    """A part of the width."""
    return f"{100 * part:.2f}%"


def px(length: float) -> str:
    """A length down the page."""
    return f"{length:.1f}"
