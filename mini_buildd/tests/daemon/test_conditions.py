"""Ranges and validators, for all values."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mini_buildd.daemon.conditions import Unsatisfiable, Validators, http_date, part_of

_SIZE = st.integers(0, 50)
_POSITION = st.integers(0, 60)


@given(_SIZE, _POSITION, _POSITION)
def test_a_range_is_what_a_slice_of_the_bytes_is(size: int, first: int, last: int) -> None:
    data = bytes(range(size))
    wanted = f"bytes={first}-{last}".encode()
    if last < first:
        assert part_of(size, wanted) is None
    elif first >= size:
        with pytest.raises(Unsatisfiable):
            part_of(size, wanted)
    else:
        begin, end = part_of(size, wanted) or (0, 0)
        assert data[begin:end] == data[first : last + 1]


@given(_SIZE, _POSITION)
def test_an_open_range_is_the_rest(size: int, first: int) -> None:
    wanted = f"bytes={first}-".encode()
    if first >= size:
        with pytest.raises(Unsatisfiable):
            part_of(size, wanted)
    else:
        assert part_of(size, wanted) == (first, size)


@given(_SIZE, _POSITION)
def test_a_suffix_is_the_end(size: int, length: int) -> None:
    wanted = f"bytes=-{length}".encode()
    if not size or not length:
        with pytest.raises(Unsatisfiable):
            part_of(size, wanted)
    else:
        assert part_of(size, wanted) == (max(0, size - length), size)


@pytest.mark.parametrize(
    "wanted",
    [
        b"",
        b"bytes",
        b"bytes=",
        b"bytes=-",
        b"bytes=x-y",
        b"lines=1-2",
        b"bytes=0-1,3-4",
        b"bytes=1",
    ],
)
def test_what_is_no_single_range_of_bytes_is_passed_over(wanted: bytes) -> None:
    assert part_of(100, wanted) is None


@given(st.binary())
@example(b"bytes=" + b"9" * 5000 + b"-")
@example(b"bytes=0-" + b"9" * 5000)
@example(b"bytes=-" + b"9" * 5000)
def test_no_bytes_of_a_client_break_it(wanted: bytes) -> None:
    try:
        part = part_of(100, wanted)
    except Unsatisfiable:
        return
    assert part is None or 0 <= part[0] < part[1] <= 100


def test_a_date_says_nothing_within_the_first_second_of_a_file() -> None:
    second = 1_800_000_000
    first = Validators.of(1, 10, second * 10**9 + 3 * 10**8, now=second + 0.4)
    second_file = Validators.of(2, 10, second * 10**9 + 6 * 10**8, now=second + 0.8)
    assert not second_file.is_known(None, first.modified)
    assert not second_file.continues(first.modified)
    later = Validators.of(2, 10, second * 10**9 + 6 * 10**8, now=second + 5)
    assert later.modified == http_date(second)
    assert not later.is_known(None, first.modified)
    assert later.is_known(None, later.modified)


def test_an_older_file_is_news_to_who_has_a_newer_one() -> None:
    newer = Validators.of(1, 10, 1_800_000_100 * 10**9, now=1_900_000_000)
    older = Validators.of(2, 10, 1_800_000_000 * 10**9, now=1_900_000_000)
    assert not older.is_known(None, newer.modified)


@pytest.mark.parametrize(
    ("if_none_match", "is_known"),
    [(b"*", True), (b'"x", %b', True), (b"W/%b", True), (b'"x"', False), (b"", False)],
)
def test_a_tag_is_known_in_any_of_its_forms(if_none_match: bytes, *, is_known: bool) -> None:
    known = Validators.of(1, 10, 0, now=100)
    assert known.is_known(if_none_match.replace(b"%b", known.etag), None) is is_known
