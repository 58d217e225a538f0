"""Which versions suites had over time: a lane for each suite, a bar for each version."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mini_buildd.web.plots.figure import Box, Figure, Kind, Label, TableRow, Words, percent, px

_LANE, _BAR, _FOOT = 40.0, 14.0, 20.0
_LEAST = 0.004  # what was there for a moment is seen all the same
_GAP = 0.001
# Neighbours are told apart by these in turn.
_KINDS = (Kind.ACCENT, Kind.TEAL)


@dataclass(frozen=True, slots=True)
class Held:
    """A version from *begin* until *end*; None: it is there still."""

    word: str
    begin: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite with the versions that it had, the newest first."""

    word: str
    url: str
    held: Sequence[Held]


def history(
    words: Words, suites: Sequence[Suite], until: datetime, heads: Sequence[str]
) -> Figure | None:
    """The lanes; *heads* are those of the table: version, since, until. None of nothing."""
    begins = [each.begin for suite in suites for each in suite.held]
    if not begins:
        return None
    clock = _Clock(min(begins), until)
    height = _LANE * len(suites) + _FOOT
    return Figure(
        words,
        px(height),
        boxes=tuple(_boxes(suites, clock)),
        labels=(*_labels(suites), *clock.labels(height - 5)),
        heads=tuple(heads),
        rows=tuple(_table(suites)),
    )


@dataclass(frozen=True, slots=True)
class _Clock:
    begin: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        whole = max((self.end - self.begin).total_seconds(), 1.0)
        return min(max((at - self.begin).total_seconds() / whole, 0.0), 1.0)

    def labels(self, y: float) -> Iterator[Label]:
        yield Label(f"{self.begin:%Y-%m-%d}", "0", px(y))
        yield Label(f"{self.end:%Y-%m-%d}", "100%", px(y), "end")


def _boxes(suites: Sequence[Suite], clock: _Clock) -> Iterator[Box]:
    for place, suite in enumerate(suites):
        y = px(_LANE * place + _LANE - _BAR - 6)
        yield Box("ground", "0", y, "100%", px(_BAR))
        for number, each in enumerate(suite.held):
            left = min(clock.x(each.begin), 1 - _LEAST)
            width = max(clock.x(each.end or clock.end) - left - _GAP, _LEAST)
            said = f"{suite.word}: {each.word}, {_span(each)}"
            kind = _KINDS[number % len(_KINDS)]
            yield Box(kind, percent(left), y, percent(width), px(_BAR), said)


def _span(held: Held) -> str:
    end = f"{held.end:%Y-%m-%d %H:%M}" if held.end is not None else "…"
    return f"{held.begin:%Y-%m-%d %H:%M} – {end}"


def _labels(suites: Sequence[Suite]) -> Iterator[Label]:
    """The name of each suite, and what it has now."""
    for place, suite in enumerate(suites):
        y = px(_LANE * place + _LANE - _BAR - 12)
        yield Label(suite.word, "0", y, kind="name")
        now = next((each.word for each in suite.held if each.end is None), "–")
        yield Label(now if len(now) <= _LONGEST else f"{now[:_LONGEST]}…", "100%", y, "end")


_LONGEST = 28


def _table(suites: Sequence[Suite]) -> Iterator[TableRow]:
    for suite in suites:
        for each in suite.held:
            end = f"{each.end:%Y-%m-%d %H:%M:%S}" if each.end is not None else ""
            cells = (each.word, f"{each.begin:%Y-%m-%d %H:%M:%S}", end)
            yield TableRow(suite.word, suite.url, cells)
