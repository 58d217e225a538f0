"""What happened side by side: a lane for each, along time, and in it what took how long."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mini_buildd.web.plots.figure import Box, Figure, Kind, Label, TableRow, Words, percent, px
from mini_buildd.web.plots.unit import SECONDS

_LANE, _BAR, _FOOT = 40.0, 14.0, 20.0
_LEAST = 0.004  # what took no time is seen all the same


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took from *begin* to *end*."""

    kind: Kind
    word: str
    begin: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max((self.end - self.begin).total_seconds(), 0.0)


@dataclass(frozen=True, slots=True)
class Lane:
    """What one of them went through, from first to last."""

    word: str
    spans: Sequence[Span]
    url: str = ""


def lanes(words: Words, rows: Sequence[Lane], heads: Sequence[str]) -> Figure | None:
    """The lanes, one below the other; *heads* are those of the table: what, since, for.

    None when there is nothing to draw.
    """
    spans = [span for lane in rows for span in lane.spans]
    if not spans:
        return None
    clock = _Clock(min(span.begin for span in spans), max(span.end for span in spans))
    height = _LANE * len(rows) + _FOOT
    kinds = dict.fromkeys((span.kind.value, span.word) for span in spans)
    return Figure(
        words,
        px(height),
        boxes=tuple(_boxes(rows, clock)),
        labels=(*_labels(rows), *clock.labels(height - 5)),
        legend=tuple(kinds) if len(kinds) <= len(Kind) else (),
        heads=tuple(heads),
        rows=tuple(_table(rows)),
    )


@dataclass(frozen=True, slots=True)
class _Clock:
    begin: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        whole = max((self.end - self.begin).total_seconds(), 1.0)
        return min(max((at - self.begin).total_seconds() / whole, 0.0), 1.0)

    def labels(self, y: float) -> Iterator[Label]:
        form = "%H:%M:%S" if self.begin.date() == self.end.date() else "%m-%d %H:%M"
        yield Label(f"{self.begin.strftime(form)} UTC", "0", px(y))
        yield Label(self.end.strftime(form), "100%", px(y), "end")


def _boxes(rows: Sequence[Lane], clock: _Clock) -> Iterator[Box]:
    for place, lane in enumerate(rows):
        y = px(_LANE * place + _LANE - _BAR - 6)
        yield Box("ground", "0", y, "100%", px(_BAR))
        for span in lane.spans:
            left = min(clock.x(span.begin), 1 - _LEAST)
            width = max(clock.x(span.end) - left, _LEAST)
            said = f"{lane.word}: {span.word} {SECONDS.show(span.seconds)}"
            yield Box(span.kind, percent(left), y, percent(width), px(_BAR), said)


def _labels(rows: Sequence[Lane]) -> Iterator[Label]:
    """The name of a lane, and what took longest in it."""
    for place, lane in enumerate(rows):
        y = px(_LANE * place + _LANE - _BAR - 12)
        yield Label(lane.word, "0", y, kind="name")
        if lane.spans:
            longest = max(lane.spans, key=lambda span: (span.kind is not Kind.PALE, span.seconds))
            said = f"{longest.word} {SECONDS.show(longest.seconds)}"
            yield Label(said, "100%", y, "end")


def _table(rows: Sequence[Lane]) -> Iterator[TableRow]:
    for lane in rows:
        for span in lane.spans:
            since = span.begin.strftime("%Y-%m-%d %H:%M:%S")
            yield TableRow(lane.word, lane.url, (span.word, since, SECONDS.show(span.seconds)))
