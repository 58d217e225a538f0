"""Changes of an input that keep most of it: the ones that parsers take longest to refuse."""

import random
from collections.abc import Sequence

from mini_buildd.tests.fuzz.target import Change

_MORE = (
    b"Distribution: elsewhere\n",
    b"\n\n",
    b" ",
    b"\0",
    b"- ",
    b"\r",
    b"../",
    b"\xff",
    b"#",
    b"/",
    b"\xe2\x80\xa8",
    b"%2e%2e%2f",
)


def change(data: bytes, rng: random.Random) -> bytes:
    """*data* with one to three changes."""
    for _ in range(rng.randint(1, 3)):
        data = rng.choice(CHANGES)(data, rng) or b"x"
    return data


def _flip(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + rng.choice(_MORE) + data[at:]


def _cut(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.randint(1, 40) :]


def _paragraph(data: bytes, rng: random.Random) -> bytes:
    more = b"Source: other\nDistribution: elsewhere\n\n"
    return more + data if rng.random() < 0.5 else data + b"\n" + more  # heads or tails


def _twice(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data + data[at:]


def _swap_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return b"".join(lines)


CHANGES: Sequence[Change] = (_flip, _insert, _cut, _paragraph, _twice, _swap_lines)
