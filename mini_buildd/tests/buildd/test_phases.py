"""The times of a build's phases, from its growing log."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_buildd.buildd.phases import START, PhaseTimes
from mini_buildd.tests.web import logs
from mini_buildd.tools.sbuild_log import phases


class _Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _times(pieces: Sequence[bytes], log: Path) -> list[tuple[str, float]]:
    """What is seen of a log that grows by one of *pieces* a second."""
    clock = _Clock()
    times = PhaseTimes(clock)
    with log.open("wb", buffering=0) as stream:
        for piece in pieces:
            clock.now += 1
            stream.write(piece)
            times.look(log)
    clock.now += 1
    return [(time.title, time.seconds) for time in times.finish()]


def test_a_phase_lasts_from_its_heading_to_the_next_one(tmp_path: Path) -> None:
    pieces = [
        b"sbuild\n",
        logs.heading("Fetch source files").encode() + b"Get:1\n",
        b"more\n",
        logs.heading("Build").encode() + b"make\n",
        b"half a li",
        b"ne\n" + logs.heading("Cleanup").encode() + logs.heading("Summary").encode(),
    ]
    assert _times(pieces, tmp_path / "log") == [
        ("Start", 2.0),
        ("Fetch source files", 2.0),
        ("Build", 2.0),
        ("Cleanup", 0.0),
        ("Summary", 1.0),
    ]


def test_the_moment_until_somebody_looks_belongs_to_the_first_phase(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(logs.heading("Prepare"))
    clock = _Clock()
    times = PhaseTimes(clock)
    clock.now += 1
    times.look(log)
    clock.now += 3
    assert [(time.title, time.seconds) for time in times.finish()] == [("Prepare", 4.0)]


def test_without_a_log_all_the_time_is_the_start(tmp_path: Path) -> None:
    clock = _Clock()
    times = PhaseTimes(clock)
    times.look(tmp_path / "none")
    clock.now += 3
    assert [(time.title, time.seconds) for time in times.finish()] == [("Start", 3.0)]


def test_junk_without_a_line_end_hides_no_later_phase(tmp_path: Path) -> None:
    box = logs.heading("Build").encode()
    # A box in the middle of an endless line is none, wherever the pieces of reading fall.
    junk = b"\x00\xff" * 131072 + box[:-1]
    found = _times([b"", junk, b"\n" + logs.heading("Post Build").encode()], tmp_path / "log")
    assert [title for title, _ in found] == ["Start", "Post Build"]


def test_a_package_that_prints_boxes_for_ever_gets_no_endless_list(tmp_path: Path) -> None:
    boxes = "".join(logs.heading(f"Box {number}\x00\x1b") for number in range(9000))
    found = _times([b"", boxes.encode()], tmp_path / "log")
    assert len(found) == 65
    assert found[1][0] == "Box 0"


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(min_value=1, max_value=900), min_size=1, max_size=20))
def test_wherever_the_log_is_cut_the_phases_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    log, pieces = logs.failed("zlib", "1.3-1", "i386").encode(), []
    expected = [phase.title for phase in phases(log.decode().split("\n"))]
    for cut in cuts:
        pieces.append(log[:cut])
        log = log[cut:]
    pieces = [b"", b"", *pieces]
    found = _times([*pieces, log], tmp_path_factory.getbasetemp() / "cut")
    assert [title for title, _ in found] == [START, *expected]
    assert sum(seconds for _, seconds in found) == len(pieces) + 2
