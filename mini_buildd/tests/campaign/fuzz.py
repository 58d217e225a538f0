"""Bytes at every door: ``./devel campaign fuzz [COUNT [TARGET..]]``, a million of them.

atheris leads the inputs to lines that none has reached yet, and keeps what got there for the next
run. Nothing may happen but declared refusals; nothing may be written outside of a folder, nothing
take more than a second, and nothing be taken for signed that is not.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mini_buildd.tests.figures import table
from mini_buildd.tests.fuzz.target import Target
from mini_buildd.tests.fuzz.targets import all_targets
from mini_buildd.tests.scenario import cache_folder

_COUNT = 1_000_000
_SHOWN_ANSWERS = 3
_MEMORY = Path("/dev/shm")  # noqa: S108  # what is made there has a name of its own


@dataclass(slots=True)
class Outcome:
    """What came of one target."""

    name: str
    count: int = 0
    seconds: float = 0
    slowest_seconds: float = 0
    memory_mb: int = 0
    answers: Mapping[str, int] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


def run(arguments: list[str]) -> int:
    """So many inputs in all, at all targets or those that are named; 1 when there was a fault."""
    count = int(arguments[0]) if arguments else _COUNT
    targets = all_targets()
    chosen = [targets[name] for name in arguments[1:] or targets]
    outcomes = throw(chosen, count)
    _print(outcomes)
    return 1 if any(each.faults for each in outcomes) else 0


def throw(targets: Iterable[Target], count: int) -> list[Outcome]:
    """Try *targets*, each in a process of its own, so many at a time as there are processors."""
    shares = {target.name: target.share for target in targets}
    counts = {name: max(1, share * count // sum(shares.values())) for name, share in shares.items()}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # Those that gpg works at take longest.
        return list(pool.map(_try, reversed(counts), reversed(counts.values())))


def _try(name: str, count: int) -> Outcome:
    folder = cache_folder() / "fuzz" / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("fault-*"), *folder.glob("report.json")):
        old.unlink()
    # What servers write is synced for each input: in memory that costs nothing.
    memory = _MEMORY if _MEMORY.is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="mbd-fuzz-", dir=memory) as scratch,
        (folder / "log").open("wb") as log,
    ):
        module = "mini_buildd.tests.fuzz.run"
        done = subprocess.run(
            [sys.executable, "-m", module, name, str(count), str(folder), scratch],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    outcome = _read(name, folder)
    if done.returncode or outcome.count < count:
        said = (folder / "log").read_text(encoding="utf-8", errors="replace")
        outcome.faults[f"it ended with {done.returncode} after {outcome.count}"] = said[-3000:]
    return outcome


def _read(name: str, folder: Path) -> Outcome:
    try:
        found: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Outcome(name)
    return Outcome(**found)


def _print(outcomes: list[Outcome]) -> None:
    table(
        f"fuzz: {sum(each.count for each in outcomes)} inputs",
        ("target", "inputs", "a second", "slowest ms", "memory MB", "faults", "answers"),
        [
            (
                each.name,
                each.count,
                round(each.count / max(each.seconds, 0.001)),
                f"{each.slowest_seconds * 1000:.1f}",
                each.memory_mb,
                len(each.faults),
                _answers(each.answers),
            )
            for each in outcomes
        ],
    )
    for each in outcomes:
        for what, trace in each.faults.items():
            print(f"  {each.name}: {what}\n{trace}")
    print(f"  what made faults is kept in {cache_folder() / 'fuzz'}")


def _answers(answers: Mapping[str, int]) -> str:
    """The most frequent ones."""
    ordered = sorted(answers.items(), key=lambda item: -item[1])[:_SHOWN_ANSWERS]
    return ", ".join(f"{answer} {times}" for answer, times in ordered)
