"""One target in a process of its own: its NAME, how many inputs, a FOLDER, and a place for SCRATCH.

FOLDER keeps the corpus from run to run, and the inputs that made faults; what came out is written
there as JSON, every second, so that it is known also of a process that was ended from outside. In
SCRATCH the target may write.
"""

import importlib
import json
import os
import random
import resource
import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

# The fuzzer that is led by which lines an input reaches; a library of its own, see pyproject.toml.
atheris: Any = importlib.import_module("atheris")

with atheris.instrument_imports(include=["mini_buildd"], enable_loader_override=False):
    targets = importlib.import_module("mini_buildd.tests.fuzz.targets")
    trials = importlib.import_module("mini_buildd.tests.fuzz.trial")

_HANG_SECONDS = 30  # of one input; libFuzzer then ends the process
_MEMORY_MB = 2048
_REPORT_SECONDS = 1.0


class Tried(Protocol):
    """What of a trial is reported (trial.Trial)."""

    target: Any
    answers: Any
    faults: Any
    slowest_seconds: float
    slowest: bytes

    @property
    def count(self) -> int:
        """How many inputs there were."""

    def take(self, data: bytes) -> None:
        """Give an input to the target."""


class Report:
    """Writes what is known of *trial* into *folder*; after *count* inputs it ends the process."""

    def __init__(self, trial: Tried, folder: Path, count: int) -> None:
        self._trial, self._folder, self._count = trial, folder, count
        self._began = self._written = time.monotonic()

    def take(self, data: bytes) -> None:
        """Try *data*, and write now and then."""
        self._trial.take(data)
        is_done = self._trial.count >= self._count
        if is_done or time.monotonic() - self._written > _REPORT_SECONDS:
            self.write()
        if is_done:  # libFuzzer knows no other way to end that leaves us the last word
            sys.stderr.flush()
            os._exit(0)

    def write(self) -> None:
        """Write it now."""
        self._written = time.monotonic()
        trial = self._trial
        for fault in trial.faults.values():
            name = f"fault-{sha256(fault.what.encode()).hexdigest()[:12]}"
            (self._folder / name).write_bytes(fault.data)
        (self._folder / "slowest").write_bytes(trial.slowest)
        (self._folder / "report.json").write_text(
            json.dumps(
                {
                    "name": trial.target.name,
                    "count": trial.count,
                    "seconds": self._written - self._began,
                    "slowest_seconds": trial.slowest_seconds,
                    "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
                    "answers": dict(trial.answers),
                    "faults": {what: fault.trace for what, fault in trial.faults.items()},
                }
            ),
            encoding="utf-8",
        )


def main(arguments: Sequence[str]) -> None:
    """Try the target; the report is the answer."""
    name, count, folder, scratch = arguments[0], int(arguments[1]), *map(Path, arguments[2:4])
    target = targets.all_targets()[name]
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds:
        (corpus / f"seed-{sha256(seed).hexdigest()[:12]}").write_bytes(seed)
    trial = trials.Trial(target, scratch)
    report = Report(trial, folder, count)
    if target.change is None:
        _led_by_lines(target, report, folder)
    else:
        _by_change(target, report)


def _by_change(target: Any, report: Report) -> None:
    rng = random.Random()  # noqa: S311  # inputs, not secrets
    while True:
        report.take(target.change(rng.choice(target.seeds), rng))


def _led_by_lines(target: Any, report: Report, folder: Path) -> None:
    words = folder / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), encoding="ascii")
    options = {
        "max_len": target.most_bytes,
        "dict": words,
        "timeout": _HANG_SECONDS,
        "rss_limit_mb": _MEMORY_MB,
        "artifact_prefix": f"{folder}/",
        "print_final_stats": 0,
    }
    corpus = str(folder / "corpus")
    flags = [f"-{key}={value}" for key, value in options.items()]
    atheris.Setup(["fuzz", *flags, corpus], report.take)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main(sys.argv[1:])
