"""Which lines of two long texts belong together, in time that does not grow with their product.

Lines that stand exactly once in both are the fixed points (the longest ascending run of them);
between those it goes on the same way, and what is left is compared pair by pair where it is small.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

_MOST_PAIRS = 10_000
_DEEPEST = 16

Pair = tuple[int, int]


def matches(one: Sequence[str], other: Sequence[str]) -> list[Pair]:
    """Pairs of places with equal lines, ascending in both."""
    return sorted(_between(one, other, (0, 0), (len(one), len(other)), 0))


def _between(
    one: Sequence[str], other: Sequence[str], begin: Pair, end: Pair, depth: int
) -> Iterator[Pair]:
    (i, j), (i_end, j_end) = begin, end
    while i < i_end and j < j_end and one[i] == other[j]:
        yield i, j
        i, j = i + 1, j + 1
    while i < i_end and j < j_end and one[i_end - 1] == other[j_end - 1]:
        i_end, j_end = i_end - 1, j_end - 1
        yield i_end, j_end
    if i == i_end or j == j_end:
        return
    fixed = _fixed(one, other, (i, j), (i_end, j_end)) if depth < _DEEPEST else []
    if not fixed:
        if (i_end - i) * (j_end - j) <= _MOST_PAIRS:
            matcher = SequenceMatcher(None, one[i:i_end], other[j:j_end], autojunk=False)
            for block in matcher.get_matching_blocks():
                yield from ((i + block.a + n, j + block.b + n) for n in range(block.size))
        return
    place = (i, j)
    for pair in [*fixed, (i_end, j_end)]:
        yield from _between(one, other, place, pair, depth + 1)
        place = pair
        if pair != (i_end, j_end):
            yield pair
            place = (pair[0] + 1, pair[1] + 1)


def _fixed(one: Sequence[str], other: Sequence[str], begin: Pair, end: Pair) -> list[Pair]:
    """The longest ascending run of lines that stand once in both parts."""
    in_one = _once(one[begin[0] : end[0]])
    in_other = _once(other[begin[1] : end[1]])
    pairs = [
        (begin[0] + place, begin[1] + in_other[line])
        for line, place in in_one.items()
        if line in in_other
    ]
    return _ascending(sorted(pairs))


def _once(lines: Sequence[str]) -> dict[str, int]:
    counts = Counter(lines)
    return {line: place for place, line in enumerate(lines) if counts[line] == 1}


def _ascending(pairs: Sequence[Pair]) -> list[Pair]:
    """The longest run of *pairs*, ascending in the first, that ascends in the second, too."""
    ends: list[int] = []  # the smallest last value of a run of each length
    holders: list[int] = []  # the pair that it belongs to
    before: list[int] = []
    for number, (_, value) in enumerate(pairs):
        length = bisect_left(ends, value)
        before.append(holders[length - 1] if length else -1)
        ends[length : length + 1] = [value]
        holders[length : length + 1] = [number]
    run, number = [], holders[-1] if holders else -1
    while number >= 0:
        run.append(pairs[number])
        number = before[number]
    return run[::-1]
