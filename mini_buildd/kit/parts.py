"""Many values in parts that one question to a database can hold."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

_AT_ONCE = 500

Value = TypeVar("Value", int, str)


def in_parts(values: Iterable[Value]) -> Iterator[list[Value]]:
    """*values* in their order, no more than some hundred at once."""
    ordered = sorted(values)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
