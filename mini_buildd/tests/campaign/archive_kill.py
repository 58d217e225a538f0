"""kill -9 at random moments of the archive's operations, and what must hold all the same.

One archive with thousands of packages in three suites. In each round a process does a random
operation, and is killed somewhere within it. At once, before anybody repairs anything, a real apt
updates and downloads; then a fresh process does what the daemon does at its start, and the
operation must be wholly there or not at all; then it is done again, and must be there.
"""

import importlib
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

from mini_buildd.config.places import Places
from mini_buildd.db.connect import connect, django_settings, migrate
from mini_buildd.keys import gpg
from mini_buildd.tests.figures import table

_ROUNDS = 200
_PACKAGES = 10_000


class Phase(IntEnum):
    """How far an operation had come when it was killed."""

    BEFORE = 0  # nothing was decided
    DECIDED = 1  # the rows say it
    WRITTEN = 2  # the new version of a suite lies beside what is published
    PUBLISHED = 3  # everybody sees it


@dataclass(slots=True)
class Round:
    """One operation with one kill, and what came of it."""

    kind: str
    phase: Phase
    was_killed: bool
    seconds: float
    faults: list[str] = field(default_factory=list)


def run(arguments: list[str]) -> int:
    """As many rounds as the first argument says (200), with so many packages (10,000).

    The exit status is 1 when a round has a fault.
    """
    count = int(arguments[0]) if arguments else _ROUNDS
    packages = int(arguments[1]) if len(arguments) > 1 else _PACKAGES
    home = Path(tempfile.mkdtemp(prefix="mbd-ak-"))
    places = Places(home)
    places.make()
    connect(django_settings(places.database))
    migrate()
    # Models need a configured Django.
    trial = importlib.import_module("mini_buildd.tests.campaign._archive_trial")
    try:
        chance = random.Random(packages)  # noqa: S311  # moments, not secrets
        rounds = list(_play(trial.Trial(home, packages, count, chance), count))
    finally:
        gpg.stop_agent(places.gnupg)
        shutil.rmtree(home, ignore_errors=True)
    return _report(rounds, packages)


def _play(trial: Any, count: int) -> Iterator[Round]:
    for number in range(1, count + 1):
        this: Round = trial.play(number)
        yield this
        phase = this.phase.name.lower() if this.was_killed else "came to its end"
        print(f"  {number}: {this.kind}, {phase}, {this.seconds:.1f} s", flush=True)
        for fault in this.faults:
            print(f"    FAULT: {fault}", flush=True)


def _report(rounds: list[Round], packages: int) -> int:
    by_kind: Mapping[str, list[Round]] = defaultdict(list)
    for each in rounds:
        by_kind[each.kind].append(each)
    table(
        f"archive-kill: {packages:,} packages, {len(rounds)} operations, each killed once (-9)",
        (
            *("operation", "rounds", "before decision", "decided", "written", "published"),
            *("not killed", "all whole", "seconds a round"),
        ),
        [_row(kind, of_kind) for kind, of_kind in by_kind.items()] + [_row("all", rounds)],
    )
    return 1 if any(each.faults for each in rounds) else 0


def _row(kind: str, rounds: list[Round]) -> list[object]:
    killed = [each for each in rounds if each.was_killed]
    return [
        kind,
        len(rounds),
        *(sum(each.phase is phase for each in killed) for phase in Phase),
        len(rounds) - len(killed),
        "NO" if any(each.faults for each in rounds) else "yes",
        f"{sum(each.seconds for each in rounds) / len(rounds):.1f}",
    ]
