"""Plots: what is longer is drawn longer, what is missing is not drawn, the table says it all."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.template.loader import render_to_string

from mini_buildd.web.plots.columns import Column, Series, bars, lines
from mini_buildd.web.plots.figure import Figure, Kind, Words
from mini_buildd.web.plots.lanes import Lane, Span, lanes
from mini_buildd.web.plots.unit import BYTES, COUNT, SECONDS, Unit

WORDS = Words("plot", "Builds", "of the last days")
DAYS = [Column(f"day {number}", f"/builds/?day={number}") for number in range(4)]
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def drawn(figure: Figure | None) -> Figure:
    """*figure*, which is there, and which the page's template can draw."""
    assert figure is not None
    markup = render_to_string("mini_buildd/figure.html", {"figure": figure})
    assert "style=" not in markup  # the policy of the pages forbids it
    for row in figure.rows:
        assert row.word in markup
    return figure


def share(width: str) -> float:
    """A percentage as a number."""
    return float(width.removesuffix("%"))


def test_bars_stand_upon_each_other_and_are_as_high_as_their_numbers() -> None:
    good = Series("good", Kind.GOOD, [1, 2, None, 4])
    bad = Series("bad", Kind.BAD, [1, None, None, 2])
    figure = drawn(bars(WORDS, DAYS, [good, bad]))
    heights = [(box.kind, float(box.height)) for box in figure.boxes]
    one = heights[0][1]
    assert [kind for kind, _ in heights] == ["good", "bad", "good", "good", "bad"]
    assert [round(height / one) for _, height in heights] == [1, 1, 2, 4, 2]
    assert float(figure.boxes[1].y) + float(figure.boxes[1].height) == pytest.approx(
        float(figure.boxes[0].y), abs=0.2
    )


def test_the_table_has_every_number_and_the_links() -> None:
    figure = drawn(lines(WORDS, DAYS, [Series("took", Kind.ACCENT, [61, None, 5, 3600])], SECONDS))
    assert [row.cells for row in figure.rows] == [("1:01",), ("",), ("0:05",), ("1:00:00",)]
    assert figure.rows[3].url == "/builds/?day=3"


def test_a_line_is_broken_where_there_is_no_number() -> None:
    figure = drawn(lines(WORDS, DAYS, [Series("took", Kind.ACCENT, [1, None, 2, 3])]))
    assert re.sub(r"[0-9. ]", "", figure.curves[0].path) == "MML"
    assert len(figure.dots) == 3


def test_columns_stand_where_they_are_said_to() -> None:
    places = [Column("a", place=0.0), Column("b", place=0.1), Column("c", place=1.0)]
    figure = drawn(lines(WORDS, places, [Series("x", Kind.TEAL, [1, 1, 1])]))
    first, second, third = (share(dot.x) for dot in figure.dots)
    assert second - first < (third - second) / 5
    assert sum(share(strip.width) for strip in figure.strips) == pytest.approx(100, abs=0.1)


def test_nothing_is_no_plot() -> None:
    assert lines(WORDS, DAYS, [Series("x", Kind.GOOD, [None] * 4)]) is None
    assert bars(WORDS, DAYS, [Series("x", Kind.GOOD, [0, None, 0, 0])]) is None
    assert bars(WORDS, [], [Series("x", Kind.GOOD, [])]) is None
    assert lanes(WORDS, [Lane("amd64", ())], ("what",)) is None


def test_what_took_longest_is_the_widest_in_its_lane_and_named_beside_it() -> None:
    minute = timedelta(minutes=1)
    spans = [
        Span(Kind.WAITING, "waiting", AT, AT + 9 * minute),
        Span(Kind.RUNNING, "building", AT + 9 * minute, AT + 10 * minute),
    ]
    figure = drawn(lanes(WORDS, [Lane("amd64", spans)], ("what", "since", "for")))
    ground, waited, built = figure.boxes
    assert (ground.kind, share(waited.width), share(built.width)) == ("ground", 90.0, 10.0)
    assert "waiting 9:00" in [label.text for label in figure.labels]
    assert figure.rows[1].cells == ("building", "2026-05-01 12:09:00", "1:00")


def test_lanes_share_one_clock() -> None:
    early = Lane("amd64", [Span(Kind.GOOD, "built", AT, AT + timedelta(seconds=10))])
    late = Lane("i386", [Span(Kind.GOOD, "built", AT + timedelta(seconds=30), AT + timedelta(40))])
    figure = drawn(lanes(WORDS, [early, late], ("what", "since", "for")))
    boxes = [box for box in figure.boxes if box.kind == "good"]
    assert share(boxes[0].x) == 0
    assert share(boxes[1].width) > 99


@pytest.mark.parametrize(
    ("unit", "most", "top"),
    [(COUNT, 0.3, 1), (COUNT, 7, 10), (COUNT, 120, 200), (SECONDS, 61, 120), (SECONDS, 3, 10)],
)
def test_scales_end_at_round_numbers(unit: Unit, most: float, top: float) -> None:
    assert unit.ceiling(most) == top


def test_long_scales_go_on_in_days() -> None:
    assert SECONDS.ceiling(200_000) == 5 * 86400


def test_sizes_are_said_as_disks_are_sold() -> None:
    assert [BYTES.show(count) for count in (0, 999, 1500, 53_076, 2.5e9)] == [
        "0 B",
        "999 B",
        "1.5 kB",
        "53 kB",
        "2.5 GB",
    ]
