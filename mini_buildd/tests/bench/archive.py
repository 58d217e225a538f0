"""The archive: our operations beside those of reprepro and aptly, on the same packages in one run.

All write an uncompressed and a gzip index and sign it; ours writes xz always, reprepro only where
it is told to. aptly writes by-hash names; reprepro cannot.
"""

import argparse
import fcntl
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from mini_buildd.tests.bench.aims import OURS, WITH_START_UP, Row, judged
from mini_buildd.tests.bench.contest import Operation, Sample, ThrowawayKey, Tool, Work
from mini_buildd.tests.bench.measure import CommandFailed, Measured, measure, median
from mini_buildd.tests.bench.packages import MOST, package_set
from mini_buildd.tests.bench.peers import aptly, reprepro
from mini_buildd.tests.figures import table
from mini_buildd.tests.scenario import cache_folder

_SIZES = (1_000, 10_000, MOST)


def ours(work: Work) -> Iterator[Sample]:
    """Each operation in a process of its own, told with and without that process's start-up."""

    def both(operation: Operation, verb: str, given: object) -> Iterator[Sample]:
        program = [sys.executable, "-m", "mini_buildd.tests.bench.ours"]
        whole, said = measure(
            [*program, str(work.home), verb, str(given)],
            folder=work.packages.folder,
            environment=dict(os.environ),
        )
        alone = Measured(**json.loads(said.splitlines()[-1]))
        yield Sample(operation, OURS, "gz+xz", alone)
        yield Sample(operation, WITH_START_UP, "gz+xz", whole)

    for _ in range(work.slow_rounds):
        work.clear()
        yield from both(Operation.IMPORT, "import", work.packages.folder)
    for deb in work.packages.extra[: work.rounds]:
        yield from both(Operation.ADD, "add", deb)
    for name in work.packages.names[: work.rounds]:
        yield from both(Operation.REMOVE, "remove", name)
    for number in range(work.rounds):
        yield from both(Operation.SNAPSHOT, "snapshot", f"s{number}")
    for number in range(1, work.rounds + 1):
        yield from both(Operation.ROLLBACK, "rollback", number)


TOOLS: Mapping[str, Tool] = {"reprepro": reprepro, "aptly": aptly, OURS: ours}


def run(arguments: list[str]) -> int:
    """Measure and print; the exit status is 1 when a tool failed."""
    told = _parse(arguments)
    rows: dict[Row, Measured] = {}
    failures = []
    for size in told.sizes:
        with _work_folder() as folder:
            samples, failed = play(folder, size, told.only, is_full=told.full)
        failures += failed
        rows |= _medians(size, samples)
        _print(size, rows)
    if OURS in told.only:
        table(
            f"archive: aims (with {MOST:,} packages, where nothing else is said)",
            ("at most", "figure", "bound", ""),
            judged(rows),
        )
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./devel bench archive", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=_size, default=list(_SIZES), metavar="SIZE")
    parser.add_argument("--only", type=_tools, default=list(TOOLS), metavar="TOOL,..")
    parser.add_argument(
        "--full", action="store_true", help="also what takes minutes (reprepro's xz of 60,000)"
    )
    return parser.parse_args(arguments)


def _size(word: str) -> int:
    number = int(word.replace(",", ""))
    if not 0 < number <= MOST:
        raise argparse.ArgumentTypeError(f"sizes are 1 to {MOST:,}")
    return number


def _tools(word: str) -> list[str]:
    names = word.split(",")
    if unknown := set(names) - set(TOOLS):
        raise argparse.ArgumentTypeError(f"no tool {unknown.pop()}; there are: {', '.join(TOOLS)}")
    return names


def play(
    folder: Path, size: int, tools: Sequence[str], *, is_full: bool = False
) -> tuple[list[Sample], list[str]]:
    """All samples of *tools* with *size* packages, and why a tool stopped in the middle."""
    samples, failures = [], []
    packages = package_set(folder.parent / "packages", folder / "debs", size)
    gnupg = Path(tempfile.mkdtemp(prefix="mbd-bench-"))
    key = ThrowawayKey.make(gnupg / "home")
    try:
        for name in tools:
            print(f"  {size:,}: {name}", flush=True)
            work = Work(packages, folder / name.replace(" ", "-"), key, is_full=is_full)
            try:
                for sample in TOOLS[name](work):
                    samples.append(sample)
                    _tell(size, sample)
            except CommandFailed as error:
                failures.append(f"{name} with {size:,} packages: {error}")
            shutil.rmtree(work.home, ignore_errors=True)
    finally:
        key.close()
        shutil.rmtree(gnupg, ignore_errors=True)
    return samples, failures


def _tell(size: int, sample: Sample) -> None:
    """One line of progress: the whole takes many minutes."""
    seconds = sample.measured.wall_seconds
    what = f"{sample.tool}, {sample.operation} ({sample.indexes})"
    print(f"  {size:,}: {what}: {seconds:.2f} s", flush=True)


@contextmanager
def _work_folder() -> Iterator[Path]:
    """A new folder in the cache, for a gigabyte; one that a killed run has left goes as well."""
    kept = cache_folder() / "bench"
    kept.mkdir(parents=True, exist_ok=True)
    for left in kept.glob("work-*"):
        _remove_unless_in_use(left)
    folder = Path(tempfile.mkdtemp(prefix="work-", dir=kept))
    holder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(holder)


def _remove_unless_in_use(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def _medians(size: int, samples: Sequence[Sample]) -> dict[Row, Measured]:
    rounds: dict[Row, list[Measured]] = {}
    for sample in samples:
        row = Row(size, sample.operation, sample.tool, sample.indexes)
        rounds.setdefault(row, []).append(sample.measured)
    return {row: median(measured) for row, measured in rounds.items()}


def _print(size: int, rows: Mapping[Row, Measured]) -> None:
    """A line for each operation and tool, operations together."""
    ordered = [
        (row, rows[row])
        for operation in Operation
        for row in rows
        if row.size == size and row.operation == operation
    ]
    own = {row.operation: measured for row, measured in ordered if row.tool == OURS}
    table(
        f"archive: {size:,} packages, medians",
        ("operation", "tool", "indexes", "wall s", "CPU s", "peak MB", "wall / ours", "CPU / ours"),
        [
            (
                row.operation,
                row.tool,
                row.indexes,
                f"{measured.wall_seconds:.3f}",
                f"{measured.cpu_seconds:.3f}",
                f"{measured.peak_rss_bytes / 1e6:.0f}",
                *_ratios(measured, own.get(row.operation)),
            )
            for row, measured in ordered
        ],
    )


def _ratios(measured: Measured, own: Measured | None) -> tuple[str, str]:
    if own is None:
        return "", ""
    return (
        f"{measured.wall_seconds / own.wall_seconds:.1f}",
        f"{measured.cpu_seconds / own.cpu_seconds:.1f}",
    )
