"""What the archive is to reach, beside what it did reach."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mini_buildd.tests.bench.contest import Operation
from mini_buildd.tests.bench.measure import Measured

OURS = "ours"
WITH_START_UP = "ours with start-up"
_SMALL, _LARGE = 1_000, 60_000


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured: which operation, with how many packages, by whom, with which indexes."""

    size: int
    operation: Operation
    tool: str
    indexes: str


Figures = Mapping[Row, Measured]


@dataclass(frozen=True, slots=True)
class Aim:
    """One aim; *found* tells a figure and its bound, or None when something was not measured."""

    text: str
    found: Callable[[Figures], tuple[float, float] | None]


def _ours(figures: Figures, operation: Operation, size: int = _LARGE) -> Measured | None:
    return next(
        (
            measured
            for row, measured in figures.items()
            if (row.size, row.operation, row.tool) == (size, operation, OURS)
        ),
        None,
    )


def _against(
    operation: Operation, tool: str, part: float
) -> Callable[[Figures], tuple[float, float] | None]:
    """Our wall seconds, and *part* of what *tool* takes with gzip alone."""

    def found(figures: Figures) -> tuple[float, float] | None:
        ours, theirs = _ours(figures, operation), figures.get(Row(_LARGE, operation, tool, "gz"))
        return (ours.wall_seconds, part * theirs.wall_seconds) if ours and theirs else None

    return found


def _under(operation: Operation, seconds: float) -> Callable[[Figures], tuple[float, float] | None]:
    def found(figures: Figures) -> tuple[float, float] | None:
        ours = _ours(figures, operation)
        return (ours.wall_seconds, seconds) if ours else None

    return found


def _growth(figures: Figures) -> tuple[float, float] | None:
    small, large = _ours(figures, Operation.ADD, _SMALL), _ours(figures, Operation.ADD)
    return (large.wall_seconds, 3 * small.wall_seconds) if small and large else None


def _memory(figures: Figures) -> tuple[float, float] | None:
    peaks = [measured.peak_rss_bytes for row, measured in figures.items() if row.tool == OURS]
    return (max(peaks) / 1e6, 250) if peaks else None


AIMS = (
    Aim("add one: 1/10 of reprepro (gz alone)", _against(Operation.ADD, "reprepro", 1 / 10)),
    Aim("add one: 1/30 of aptly", _against(Operation.ADD, "aptly", 1 / 30)),
    Aim("add one: 0.25 s", _under(Operation.ADD, 0.25)),
    Aim("add one: 3 times our own with 1,000", _growth),
    Aim("import all: as reprepro (gz alone)", _against(Operation.IMPORT, "reprepro", 1)),
    Aim("snapshot: 0.2 s", _under(Operation.SNAPSHOT, 0.2)),
    Aim("rollback: 0.2 s", _under(Operation.ROLLBACK, 0.2)),
    Aim("peak memory: 250 MB", _memory),
)


def judged(figures: Figures) -> list[tuple[str, str, str, str]]:
    """For each aim its text, the figure, the bound, and whether it is reached."""
    return [(aim.text, *_judge(aim.found(figures))) for aim in AIMS]


def _judge(found: tuple[float, float] | None) -> tuple[str, str, str]:
    if found is None:
        return "", "", "not measured"
    figure, bound = found
    return f"{figure:.3f}", f"{bound:.3f}", "reached" if figure <= bound else "MISSED"
