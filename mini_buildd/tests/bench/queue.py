"""How long it takes to decide which job is next, with thousands waiting and hundreds of builders.

Once the pure decision on values; and once through flow.assign on a real database, with a long
history of ended jobs and with none: neither time nor memory should notice it. Beside it stands what
it costs to look at all waiting rows for each decision. CPU time is measured, which does not depend
on what else the machine does.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mini_buildd.domain.builder import Capacity, Demand
from mini_buildd.domain.needs import Past, Said, needs_of
from mini_buildd.domain.scheduling import Line, RunningJob, WaitingJob
from mini_buildd.tests.figures import table

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_PLACE = ("trixie", "amd64")
_GIB = 1 << 30
_AIM_MS = 5


def main(arguments: list[str]) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="./devel bench queue", description=__doc__)
    parser.add_argument("--waiting", type=int, default=10_000, help="jobs that wait")
    parser.add_argument("--builders", type=int, default=500)
    parser.add_argument("--history", type=int, default=100_000, help="jobs that have ended")
    parser.add_argument("--rounds", type=int, default=1000, help="decisions")
    wanted = parser.parse_args(arguments)
    rows = [_pure(wanted.waiting, wanted.builders, wanted.rounds)]
    for history in (0, wanted.history):
        measured = _on_rows(wanted.waiting, wanted.builders, history, wanted.rounds)
        rows += _lines(history, measured)
    title = f"queue: {wanted.waiting:,} jobs wait for {wanted.builders} builders, CPU ms a decision"
    table(title, ("what", "history", "median", "95 %", "most", "memory"), rows)
    print(f"  aim: a decision in under {_AIM_MS} ms, memory that does not grow with history")
    return 0


def _pure(waiting: int, builders: int, rounds: int) -> tuple[object, ...]:
    """The decision alone, on values; half of the jobs end again meanwhile."""
    chance, line = random.Random(4), Line()  # noqa: S311  # a simulation
    capacities = [
        Capacity(f"b{number}", 4, memory_mb=chance.choice((4096, 16_384, 65_536)))
        for number in range(builders)
    ]
    for pk in range(waiting):
        peak, disk = chance.randrange(_GIB // 8, 12 * _GIB), chance.randrange(20 * _GIB)
        demand = Demand(_PLACE, needs_of(Said(), [Past(None, peak, disk)]))
        uploader = "user0" if pk % 3 == 0 else f"user{chance.randrange(200)}"
        line.add(WaitingJob(pk, f"p{pk}", uploader, demand))
    taken = []
    for _ in range(rounds):
        builder = chance.choice(capacities)
        started = time.thread_time()
        job = line.choose(builder, {_PLACE}, _NOW)
        if job is not None:
            line.start(RunningJob(job.id, builder.name, job.uploader, job.demand.needs))
        taken.append((time.thread_time() - started) * 1000)
        if job is not None and chance.randrange(2):
            line.end(job.id)
    return ("the decision alone, on values", "", *_figures(taken), "")


def _on_rows(waiting: int, builders: int, history: int, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="mbd-bench-") as folder:
        _child("fill", folder, waiting, builders, history)
        told: dict[str, Any] = json.loads(_child("decide", folder, rounds))
        return told


def _child(what: str, folder: str, *numbers: int) -> str:
    command = [sys.executable, "-m", f"{__package__}.queue_part", what, str(Path(folder) / "home")]
    done = subprocess.run(
        [*command, *map(str, numbers)], check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _lines(history: int, measured: dict[str, Any]) -> list[tuple[object, ...]]:
    ended, memory = f"{history:,}", f"{measured['memory'] / 1e6:.0f} MB"
    one = ("first look", "the queue's page: order and times of all")
    return [
        (
            f"the decision, {measured['demands']} demands",
            ended,
            *_figures(measured["decisions"]),
            memory,
        ),
        ("all of assign: judged, and committed", ended, *_figures(measured["whole"]), ""),
        (one[0], ended, f"{measured['first']:.0f}", "", "", ""),
        (one[1], ended, f"{measured['outlook']:.0f}", "", "", ""),
        ("looking at all rows instead", ended, *_figures(measured["naive"]), ""),
    ]


def _figures(taken: Sequence[float]) -> tuple[str, str, str]:
    ordered = sorted(taken)
    high = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{statistics.median(ordered):.2f}", f"{high:.2f}", f"{ordered[-1]:.2f}"
