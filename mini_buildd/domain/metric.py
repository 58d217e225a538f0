"""Figures that a monitoring system reads: families of samples, and counters of this process.

Names and units are as Prometheus wants them: seconds and bytes, counters end in _total.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Labels = Mapping[str, str]

SECONDS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0)
MINUTES = (10.0, 30.0, 60.0, 180.0, 600.0, 1800.0, 3600.0, 10800.0, 36000.0)


class Kind(StrEnum):
    """What a figure is: one that only grows, one that is as it is, or how many took how long."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure; *suffix* tells the parts of a histogram apart."""

    value: float
    labels: Labels = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """All figures of one *name*; *text* says what they are."""

    name: str
    kind: Kind
    text: str
    samples: Sequence[Sample]


def gauge(name: str, text: str, samples: Iterable[Sample] | float) -> Family:
    """What is at this moment: one figure, or one for each of some labels."""
    found = [Sample(samples)] if isinstance(samples, int | float) else list(samples)
    return Family(name, Kind.GAUGE, text, found)


class Counter:
    """What is counted from the start of this process on; for any thread."""

    def __init__(self, name: str, text: str, *labels: str) -> None:
        self._name, self._text, self._labels = name, text, labels
        self._lock = threading.Lock()
        self._found: dict[tuple[str, ...], float] = {} if labels else {(): 0.0}

    def add(self, *values: str, by: float = 1.0) -> None:
        """Count *by* more of those whose labels have these *values*."""
        with self._lock:
            self._found[values] = self._found.get(values, 0.0) + by

    def family(self) -> Family:
        """The figures now."""
        with self._lock:
            found = sorted(self._found.items())
        samples = [Sample(value, _named(self._labels, values)) for values, value in found]
        return Family(self._name, Kind.COUNTER, self._text, samples)


class Histogram:
    """How many took how long, from the start of this process on; for any thread."""

    def __init__(self, name: str, text: str, bounds: Sequence[float], *labels: str) -> None:
        self._name, self._text, self._bounds, self._labels = name, text, bounds, labels
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}

    def observe(self, value: float, *values: str) -> None:
        """One more took that long."""
        place = bisect_left(self._bounds, value)
        with self._lock:
            counts = self._counts.setdefault(values, [0] * (len(self._bounds) + 1))
            counts[place] += 1
            self._sums[values] = self._sums.get(values, 0.0) + value

    def family(self) -> Family:
        """The figures now."""
        with self._lock:
            found = sorted((values, [*counts]) for values, counts in self._counts.items())
            sums = dict(self._sums)
        samples = [
            sample
            for values, counts in found
            for sample in self._samples(_named(self._labels, values), counts, sums[values])
        ]
        return Family(self._name, Kind.HISTOGRAM, self._text, samples)

    def _samples(self, labels: Labels, counts: Sequence[int], total: float) -> Iterator[Sample]:
        so_far = 0
        for bound, count in zip((*self._bounds, float("inf")), counts, strict=True):
            so_far += count
            yield Sample(so_far, {**labels, "le": _bound(bound)}, "_bucket")
        yield Sample(total, labels, "_sum")
        yield Sample(so_far, labels, "_count")


def _named(labels: Sequence[str], values: Sequence[str]) -> Labels:
    return dict(zip(labels, values, strict=True))


def _bound(bound: float) -> str:
    return "+Inf" if bound == float("inf") else f"{bound:g}"
