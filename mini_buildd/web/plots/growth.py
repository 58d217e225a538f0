"""How many source packages a suite had over time, as a line of steps for an SVG.

The page writes the numbers beside it as text, so the drawing may be stretched to any width.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mini_buildd.db.queries.version_line import VersionRow

WIDTH, HEIGHT = 600, 72
_MARGIN = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """A version in the plot: the strip from its beginning to that of the next, and its words."""

    x: float
    width: float
    number: int
    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Plot:
    """The line as the "d" of an SVG path, the marks from left to right, and what the ends are."""

    line: str
    marks: tuple[Mark, ...]
    least: int
    most: int


def growth(rows: Sequence[VersionRow], sources: int, until: datetime) -> Plot | None:
    """The plot of *rows*, newest first, the newest of which has *sources*; None of fewer than 3."""
    if len(rows) < 3:  # noqa: PLR2004  # two points tell no story
        return None
    counted = list(_counted(rows, sources))[::-1]
    counts = [count for _, count in counted]
    least, most = min(counts), max(counts)
    begin = counted[0][0].decided_at
    seconds = max((until - begin).total_seconds(), 1.0)
    places = [
        WIDTH * min((row.decided_at - begin).total_seconds() / seconds, 1.0) for row, _ in counted
    ]
    ends = [*places[1:], float(WIDTH)]
    heights = [_height(count, least, most) for count in counts]
    steps = "".join(
        f"V{height:.1f}H{end:.1f}" for height, end in zip(heights[1:], ends[1:], strict=True)
    )
    marks = tuple(
        Mark(round(x, 1), round(end - x, 1), row.number, count, row.decided_at)
        for (row, count), x, end in zip(counted, places, ends, strict=True)
    )
    return Plot(f"M0 {heights[0]:.1f}H{ends[0]:.1f}{steps}", marks, least, most)


def _counted(rows: Sequence[VersionRow], sources: int) -> Iterator[tuple[VersionRow, int]]:
    """Each version with what it had, going back from the newest."""
    count = sources
    for row in rows:
        yield row, count
        count += row.went - row.came


def _height(count: int, least: int, most: int) -> float:
    room = HEIGHT - 2 * _MARGIN
    return (
        HEIGHT - _MARGIN - (room * (count - least) / (most - least) if most > least else room / 2)
    )
