"""Numbers over columns (days, versions, hours), as lines or as stacked bars."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mini_buildd.web.plots.figure import (
    Box,
    Curve,
    Dot,
    Figure,
    Kind,
    Label,
    TableRow,
    Words,
    percent,
    px,
)
from mini_buildd.web.plots.unit import COUNT, Unit

_TOP, _BOTTOM = 18.0, 22.0
_HEIGHT = 132.0
_MANY = 80  # so many points need no dots
_FEW = 5  # so many columns need a label in the middle
_GAP = 0.22  # of a bar's column


@dataclass(frozen=True, slots=True)
class Column:
    """A place on the horizontal axis: its label, and a page that tells more of it.

    *place* is where it is, from 0 to 1; None: the columns stand at equal distances.
    """

    label: str
    url: str = ""
    place: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """A number for each column; None where there is none."""

    word: str
    kind: Kind
    values: Sequence[float | None]


def lines(
    words: Words,
    columns: Sequence[Column],
    series: Sequence[Series],
    unit: Unit = COUNT,
    height: float = _HEIGHT,
) -> Figure | None:
    """A line for each series; None when there is nothing to draw."""
    grid = _Grid.over(columns, (max(_numbers(each), default=None) for each in series), unit, height)
    if grid is None:
        return None
    curves = tuple(Curve(each.kind, path) for each in series if (path := grid.path(each)))
    dots = tuple(grid.dots(series)) if len(columns) <= _MANY else ()
    return grid.figure(words, series, curves=curves, dots=dots)


def bars(
    words: Words,
    columns: Sequence[Column],
    series: Sequence[Series],
    unit: Unit = COUNT,
    height: float = _HEIGHT,
) -> Figure | None:
    """A bar for each column, the series one upon the other; None when all of it is nothing."""
    even = [Column(each.label, each.url) for each in columns]
    sums = (sum(each.values[place] or 0 for each in series) for place in range(len(even)))
    grid = _Grid.over(even, (found or None for found in sums), unit, height)
    return grid.figure(words, series, boxes=tuple(grid.bars(series))) if grid is not None else None


def _numbers(series: Series) -> Iterator[float]:
    return (value for value in series.values if value is not None)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where a column is across, and a number down; *top* is the number at the upper end."""

    columns: Sequence[Column]
    unit: Unit
    top: float
    height: float

    @classmethod
    def over(
        cls,
        columns: Sequence[Column],
        most: Iterator[float | None],
        unit: Unit,
        height: float,
    ) -> "_Grid | None":
        found = [number for number in most if number is not None]
        if not found or not columns:
            return None
        return cls(columns, unit, unit.ceiling(max(found)), height)

    @property
    def _floor(self) -> float:
        return self.height - _BOTTOM

    def _x(self, place: int) -> float:
        """The middle of a column."""
        given = self.columns[place].place
        width = 1 / len(self.columns)
        return width / 2 + (1 - width) * given if given is not None else width * (place + 0.5)

    def _y(self, value: float) -> float:
        return self._floor - (self._floor - _TOP) * value / self.top

    def path(self, series: Series) -> str:
        """The line through the numbers of *series*, broken where there is none."""
        steps, is_on = [], False
        for place, value in enumerate(series.values):
            if value is not None:
                command = "L" if is_on else "M"
                steps.append(f"{command}{1000 * self._x(place):.1f} {self._y(value):.1f}")
            is_on = value is not None
        return "".join(steps)

    def dots(self, series: Sequence[Series]) -> Iterator[Dot]:
        for each in series:
            for place, value in enumerate(each.values):
                if value is not None:
                    yield Dot(each.kind, percent(self._x(place)), px(self._y(value)))

    def bars(self, series: Sequence[Series]) -> Iterator[Box]:
        width = (1 - _GAP) / len(self.columns)
        for place in range(len(self.columns)):
            left, below = percent(self._x(place) - width / 2), 0.0
            for each in series:
                value = each.values[place] or 0
                if value:
                    top = self._y(below + value)
                    height = px(self._y(below) - top)
                    yield Box(each.kind, left, px(top), percent(width), height)
                below += value

    def figure(
        self,
        words: Words,
        series: Sequence[Series],
        *,
        boxes: tuple[Box, ...] = (),
        curves: tuple[Curve, ...] = (),
        dots: tuple[Dot, ...] = (),
    ) -> Figure:
        """All of it, with what lines and bars have in common."""
        return Figure(
            words,
            px(self.height),
            boxes=boxes,
            curves=curves,
            dots=dots,
            strips=tuple(self._strips(series)),
            rules=tuple(px(self._y(part * self.top)) for part in (0, 0.5, 1)),
            labels=tuple(self._labels()),
            legend=tuple((each.kind.value, each.word) for each in series)
            if len(series) > 1
            else (),
            heads=tuple(each.word for each in series),
            rows=tuple(
                TableRow(column.label, column.url, tuple(self._said(series, place)))
                for place, column in enumerate(self.columns)
            ),
        )

    def _said(self, series: Sequence[Series], place: int) -> Iterator[str]:
        for each in series:
            value = each.values[place]
            yield "" if value is None else self.unit.show(value)

    def _strips(self, series: Sequence[Series]) -> Iterator[Box]:
        """What is pointed at: the whole height of a column, whatever is drawn there."""
        edges = [0.0, *self._borders(), 1.0]
        for place, column in enumerate(self.columns):
            said = zip(series, self._said(series, place), strict=True)
            words = ", ".join(f"{each.word} {value}" for each, value in said if value)
            left, right = edges[place], edges[place + 1]
            yield Box(
                "strip",
                percent(left),
                px(_TOP),
                percent(max(right - left, 0)),
                px(self._floor - _TOP),
                f"{column.label}: {words or '–'}",
            )

    def _borders(self) -> Iterator[float]:
        places = [self._x(place) for place in range(len(self.columns))]
        return ((before + after) / 2 for before, after in pairwise(places))

    def _labels(self) -> Iterator[Label]:
        for part in (0.5, 1.0):
            yield Label(self.unit.show(part * self.top), "0", px(self._y(part * self.top) - 3))
        base, last = px(self.height - 6), len(self.columns) - 1
        yield Label(self.columns[0].label, "0", base)
        if last:
            yield Label(self.columns[last].label, "100%", base, "end")
        if last >= _FEW and all(each.place is None for each in self.columns):
            yield Label(self.columns[last // 2].label, percent(self._x(last // 2)), base, "middle")
