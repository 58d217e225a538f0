"""Which lines of two texts belong together."""

import random
import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.tools.line_matches import matches

_TEXT = st.lists(st.sampled_from("abcdefgh") | st.text("xyz", min_size=2, max_size=3), max_size=60)


@given(_TEXT, _TEXT)
def test_pairs_are_equal_lines_that_ascend_in_both(one: list[str], other: list[str]) -> None:
    found = matches(one, other)
    assert all(one[i] == other[j] for i, j in found)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(found))


@given(_TEXT)
def test_a_text_matches_itself_wholly(text: list[str]) -> None:
    assert matches(text, text) == [(place, place) for place in range(len(text))]


@given(_TEXT, st.data())
def test_what_was_put_in_is_all_that_does_not_match(text: list[str], data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, len(text)), max_size=5))
    other = list(text)
    for number, place in enumerate(sorted(places, reverse=True)):
        other.insert(place, f"put in {number}")
    assert len(matches(text, other)) == len(text)


def test_two_long_texts_with_nothing_in_common_take_no_time_to_speak_of() -> None:
    chance = random.Random(5)  # noqa: S311  # an order, nothing secret
    common = [f"line {number % 50}" for number in range(20_000)]
    one, other = chance.sample(common, len(common)), chance.sample(common, len(common))
    begin = time.process_time()
    matches(one, other)
    matches([f"a{line}" for line in one], other)
    unique = [f"only {number}" for number in range(20_000)]
    matches(chance.sample(unique, len(unique)), chance.sample(unique, len(unique)))
    assert time.process_time() - begin < 20  # hours, were it done pair by pair
