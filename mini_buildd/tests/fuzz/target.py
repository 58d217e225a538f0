"""A door that bytes from strangers come in by, and what may happen there."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Takes one input and says in a word or two what became of it. What it raises is a fault: those
# refusals that a door has declared are its answers.
Take = Callable[[bytes], str]

Change = Callable[[bytes, random.Random], bytes]


class Wrong(AssertionError):
    """An input was taken for what it is not."""


@dataclass(frozen=True, slots=True)
class Target:
    """One door; *prepare* is given an empty folder, outside of which nothing may be written.

    *share* is how many of a million inputs it gets. *words* are tokens of its language. Where
    single bytes lead nowhere, inputs are made of the seeds by *change*.
    """

    name: str
    prepare: Callable[[Path], Take]
    seeds: tuple[bytes, ...]
    share: int
    words: tuple[bytes, ...] = ()
    change: Change | None = None
    most_bytes: int = 4096


def refusals(take: Callable[[bytes], object], *declared: type[Exception]) -> Take:
    """A door of which only the *declared* exceptions are refusals."""

    def answer(data: bytes) -> str:
        try:
            take(data)
        except declared as refusal:
            return type(refusal).__name__
        return "taken"

    return answer
