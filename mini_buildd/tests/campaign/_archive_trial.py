"""The archive that is tried, round by round: operate, kill, look, restart, look, repeat, look."""

import logging
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import connections

from mini_buildd.db.models import Distribution, PoolFile, Publication, Repository, Snapshot, Suite
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.flow import sweep
from mini_buildd.flow.check import check
from mini_buildd.flow.site import Site
from mini_buildd.flow.tidy import tidy
from mini_buildd.tests.archive.apt import Apt
from mini_buildd.tests.archive.published import packages
from mini_buildd.tests.campaign._archive_operations import (
    SUITES,
    Kind,
    Model,
    Operation,
    State,
    held_by_rows,
)
from mini_buildd.tests.campaign.archive_kill import Phase, Round
from mini_buildd.tests.flow.crash import Ended, run_and_kill
from mini_buildd.tests.flow.scene import Clock
from mini_buildd.tests.flow.stock import fill, make_site

_PAUSE = timedelta(hours=9)
_LONG = timedelta(days=5)  # for something to be over that a suite keeps


class Strict(logging.Handler):
    """Raises whatever is logged as an error: steps log their faults and go on."""

    def emit(self, record: logging.LogRecord) -> None:
        """Raise it."""
        raise AssertionError(record.getMessage()) from (record.exc_info or (None, None))[1]


def start(site: Site) -> None:
    """What the daemon does at its start."""
    sweep.publish_all(site)
    tidy(site)


class Trial:
    """An archive in *home* with *count* packages, and the model of what must be in it."""

    def __init__(self, home: Path, count: int, rounds: int, chance: random.Random) -> None:
        # It ends before now: apt takes nothing from the future.
        logging.getLogger().addHandler(Strict(logging.ERROR))
        self._clock = Clock(datetime.now(UTC) - 4 * (rounds + len(Kind)) * _PAUSE)
        self._site = make_site(home, self._clock)
        self._chance = chance
        self._number = 0
        self._check_every = 1 + count // 1000  # it reads everything
        began = time.monotonic()
        names = [f"pkg-{number:05}" for number in range(count)]
        suites = [
            (name, [(each, "1.0") for each in names[: count * (3 - left) // 3]])
            for left, name in enumerate(SUITES)
        ]
        fill(self._site, suites)
        # Much is kept for a while and little for ever, so that there is much to let go.
        Suite.objects.update(kept_rollbacks=1, kept_days=4)
        Repository.objects.update(weekly_snapshots=1, monthly_snapshots=0, yearly_snapshots=0)
        self._model = Model(chance, held_by_rows(), tidy)
        self._model.remember()
        self._effects: dict[Kind, int] = {}
        self._times: dict[Kind, float] = {}
        self._seen: dict[Path, dict[str, str]] = {}
        self._apt = self._make_apt(home)
        for kind in Kind:
            self._measure(kind)
        print(f"  {count:,} packages in {time.monotonic() - began:.1f} s", flush=True)

    def _make_apt(self, home: Path) -> Apt:
        root = self._site.tree("test").root
        snippets = [(root / f"{name}.sources").read_text(encoding="ascii") for name in SUITES]
        snippet = re.sub(r"(?m)^URIs: .*$", f"URIs: file:{root}", "\n".join(snippets))
        apt = Apt(home / "apt", snippet.encode())
        apt.prepare()
        return apt

    def _measure(self, kind: Kind) -> None:
        """How long an operation of that *kind* takes, in seconds and in effects."""
        operation = self._model.draw(kind)
        if operation is None:
            raise AssertionError(f"a new archive has nothing to {kind}")
        self._clock.now += _PAUSE
        self._forked(kind, lambda: operation.run(self._site))
        self._accept(operation)

    def _accept(self, operation: Operation) -> None:
        """It was done."""
        self._model.state = operation.after
        self._model.remember()
        connections.close_all()

    # --- a round ------------------------------------------------------------------

    def play(self, number: int) -> Round:
        """One operation, drawn and killed."""
        began = time.monotonic()
        self._number = number
        self._clock.now += _PAUSE
        operation = self._draw()
        if operation.kind is Kind.TIDY:
            self._clock.now += _LONG
        before = self._model.state
        counts = _counts()
        ended = self._run(operation)
        phase = self._phase(operation, counts)
        this = Round(operation.kind, phase, not ended.by_itself, 0)
        looks: tuple[tuple[str, Callable[[], Iterable[str]]], ...] = (
            ("after the kill", self._client_faults),
            ("after the restart", lambda: self._restarted(operation, before)),
            ("after the repetition", lambda: self._repeated(operation)),
        )
        for what, look in looks:
            try:
                this.faults += [f"{what}: {fault}" for fault in look()]
            except (AssertionError, OSError) as error:
                this.faults.append(f"{what}: {error}"[-500:])
        self._accept(operation)
        this.seconds = time.monotonic() - began
        return this

    def _draw(self) -> Operation:
        """Each kind in its turn, or the next that can be done."""
        kinds = list(Kind)
        for turn in range(len(kinds)):
            operation = self._model.draw(kinds[(self._number + turn) % len(kinds)])
            if operation is not None:
                return operation
        raise AssertionError("there is nothing to do")

    def _run(self, operation: Operation) -> Ended:
        """Kill it after a time, before some effect, or before one of its last effects.

        Most of the time goes by, and most is written, long before everybody sees it.
        """
        kind = operation.kind
        # Tidying was measured when there was little to do.
        much = 3 if kind is Kind.TIDY else 1
        effects, fraction = much * self._effects[kind], self._chance.random()
        ends: tuple[dict[str, float], ...] = (
            {"seconds": fraction * much * self._times[kind]},
            {"effects": int(fraction * effects)},
            {"effects": max(effects - 1 - int(20 * fraction), 0)},
        )
        end = self._chance.choice(ends)
        return self._forked(kind, lambda: operation.run(self._site), **end)

    def _forked(self, kind: Kind | None, work: Callable[[], object], **end: float) -> Ended:
        """In a process of its own; its clock is behind ours afterwards."""
        ended = run_and_kill(work, **end)  # type: ignore[arg-type]  # effects are whole numbers
        self._clock.now += timedelta(minutes=10)
        if kind is not None and ended.by_itself:
            # The least there was: more would let many end by themselves.
            self._effects[kind] = min(ended.effects, self._effects.get(kind, ended.effects))
            self._times[kind] = min(ended.seconds, self._times.get(kind, ended.seconds))
        return ended

    def _phase(self, operation: Operation, counts: dict[str, int]) -> Phase:
        if operation.snapshot:
            return self._phase_of_snapshot(operation)
        if operation.kind is Kind.TIDY:
            return self._phase_of_tidying(counts)
        newer = Publication.objects.filter(distribution__name__in=SUITES)
        decided = [each for each in newer if each.number > counts[each.distribution.name]]
        return min(map(self._phase_of, decided), default=Phase.BEFORE)

    def _phase_of(self, publication: Publication) -> Phase:
        tree = self._site.tree("test")
        name = DistributionName.parse(publication.distribution.name)
        if tree.published(name) == publication.number:
            return Phase.PUBLISHED
        written = tree.version(name, publication.number).exists()
        return Phase.WRITTEN if written else Phase.DECIDED

    def _phase_of_snapshot(self, operation: Operation) -> Phase:
        wanted = operation.snapshot in operation.after.snapshots
        if Snapshot.objects.filter(name=operation.snapshot).exists() != wanted:
            return Phase.BEFORE
        is_shown = self._site.tree("test").snapshot(operation.snapshot).exists()
        return Phase.PUBLISHED if is_shown == wanted else Phase.DECIDED

    def _phase_of_tidying(self, counts: dict[str, int]) -> Phase:
        if _counts() == counts:
            return Phase.BEFORE
        return Phase.DECIDED if list(self._superfluous()) else Phase.PUBLISHED

    # --- what must hold --------------------------------------------------------------

    def _client_faults(self) -> Iterable[str]:
        """What a client sees is whole, whatever happened a moment ago."""
        held = {name: self._published(name) for name in SUITES}
        self._apt.run("apt-get", "update")
        name = self._chance.choice([name for name in SUITES if held[name]])
        package = self._chance.choice(sorted(held[name]))
        self._apt.run("apt-get", "install", "--download-only", "--yes", f"{package}/{name}")
        return ()

    def _restarted(self, operation: Operation, before: State) -> Iterator[str]:
        self._forked(None, lambda: start(self._site))
        held = held_by_rows()
        if held not in (before, operation.after):
            yield f"{operation.kind} is there in part"
        yield from self._faults(held)
        if self._number % self._check_every == 0:
            yield from map(str, check(self._site))

    def _repeated(self, operation: Operation) -> Iterator[str]:
        self._forked(None, lambda: operation.repeat(self._site))
        held = held_by_rows()
        if held != operation.after:
            yield f"{operation.kind}, done again, is not there"
        yield from self._faults(held)

    def _faults(self, held: State) -> Iterator[str]:
        """Rows and trees agree, and nothing is left to do."""
        for name in SUITES:
            if self._published(name) != held.suites[name]:
                yield f"{name} has not what the rows say"
        tree = self._site.tree("test")
        for snapshot, suites in held.snapshots.items():
            for name, wanted in suites.items():
                if self._packages(tree.snapshot(snapshot) / "dists" / name) != wanted:
                    yield f"snapshot {snapshot} has not what the rows say of {name}"
        shown = {path.name for path in (tree.root / "snapshots").iterdir()}
        if shown != set(Snapshot.objects.values_list("name", flat=True)):
            yield f"snapshots shown: {shown}"
        if Publication.objects.filter(published_at=None).exists():
            yield "something is not published"
        numbers = _numbers()
        if any(found != list(range(1, len(found) + 1)) for found in numbers.values()):
            yield f"numbers of versions: {numbers}"
        yield from self._missing()
        yield from self._superfluous()

    def _published(self, name: str) -> dict[str, str]:
        return self._packages(self._site.tree("test").pointer(DistributionName.parse(name)))

    def _packages(self, suite: Path) -> dict[str, str]:
        """What is there, read once for each version of a suite: it never changes."""
        version = suite.resolve()
        if version not in self._seen:
            self._seen[version] = packages(self._site.tree("test").root, version)
        return self._seen[version]

    def _missing(self) -> Iterator[str]:
        tree = self._site.tree("test")
        for kept in Publication.objects.filter(removed_at=None):
            name = DistributionName.parse(kept.distribution.name)
            if not (tree.version(name, kept.number) / "InRelease").is_file():
                yield f"version {kept} is missing"
        for path in PoolFile.objects.filter(removed_at=None).values_list("path", flat=True):
            if not (tree.root / path).is_file():
                yield f"{path} is missing"

    def _superfluous(self) -> Iterator[str]:
        tree = self._site.tree("test")
        for gone in Publication.objects.exclude(removed_at=None):
            name = DistributionName.parse(gone.distribution.name)
            if tree.version(name, gone.number).exists():
                yield f"version {gone} is still there"
        files = PoolFile.objects.order_by("removed_at")
        there = set(files.filter(removed_at=None).values_list("path", flat=True))
        for path in files.exclude(removed_at=None).values_list("path", flat=True):
            if path not in there and (tree.root / path).exists():
                yield f"{path} is still there"


def _numbers() -> dict[str, list[int]]:
    return {
        each.name: sorted(each.publications.values_list("number", flat=True))
        for each in Distribution.objects.all()
    }


def _counts() -> dict[str, int]:
    """How many versions of each suite there are, and how much was let go."""
    counts = {name: max(numbers, default=0) for name, numbers in _numbers().items()}
    counts["removed versions"] = Publication.objects.exclude(removed_at=None).count()
    counts["removed files"] = PoolFile.objects.exclude(removed_at=None).count()
    return counts
