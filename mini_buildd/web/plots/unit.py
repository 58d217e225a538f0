"""What the numbers of a plot are: how each is said, and which round number its scale ends at."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_DECADE = (1, 2, 5, 10)
_SECONDS = (10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
_KILO = 1000.0


@dataclass(frozen=True, slots=True)
class Unit:
    """How a number is said, and the least round number that is not below it."""

    show: Callable[[float], str]
    ceiling: Callable[[float], float]


def _decimal_ceiling(most: float) -> float:
    if most <= 1:
        return 1.0
    decade = 10 ** math.floor(math.log10(most))
    return float(next(step * decade for step in _DECADE if step * decade >= most))


def _ceiling_of(steps: Sequence[int]) -> Callable[[float], float]:
    def found(most: float) -> float:
        fitting = [step for step in steps if step >= most]
        return float(fitting[0]) if fitting else steps[-1] * _decimal_ceiling(most / steps[-1])

    return found


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < _KILO:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"  # noqa: PLR2004  # two digits are enough
        count /= _KILO
    return f"{count:.1f} TB"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _count(number: float) -> str:
    return f"{number:.0f}" if number == round(number) else f"{number:.1f}"


COUNT = Unit(_count, _decimal_ceiling)
SECONDS = Unit(_duration, _ceiling_of(_SECONDS))
BYTES = Unit(_bytes, _decimal_ceiling)
PERCENT = Unit(lambda part: f"{part:.0f} %", lambda _: 100.0)
