"""What is under way, by the names of packages: who makes them, and who waits for them.

It holds what is open and forgets what has ended.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.names import MalformedName
from mini_buildd.domain.order import Maker, WaitsFor, names_of, parse_waits

Key = TypeVar("Key", int, str)


@dataclass(frozen=True, slots=True)
class Waiter:
    """A job in dep-wait; *sees* are the distributions whose packages it may use.

    *waits* is None when nobody can tell what it waits for.
    """

    job_id: int
    source_id: int
    source: str
    sees: frozenset[str]
    waits: tuple[WaitsFor, ...] | None
    is_optional: bool = False

    @property
    def has_soft(self) -> bool:
        """Whether something of it may be done without."""
        return any(each.is_soft for each in self.waits or ())


def read_waits(text: str) -> tuple[WaitsFor, ...] | None:
    """The lines that a job keeps, or None when there is none or they are no relations."""
    try:
        return parse_waits(text) or None
    except (MalformedControl, MalformedName):
        return None


class Pending:
    """The open sources and the jobs in dep-wait."""

    def __init__(self) -> None:
        self.makers: dict[int, Maker] = {}
        self.waiters: dict[int, Waiter] = {}
        self._making: defaultdict[str, dict[int, Maker]] = defaultdict(dict)
        self._waiting: defaultdict[str, set[int]] = defaultdict(set)
        self._jobs: defaultdict[int, set[int]] = defaultdict(set)
        self._unclear: set[int] = set()

    def add_maker(self, maker: Maker) -> None:
        """It is about to come."""
        self.drop_maker(maker.source_id)
        self.makers[maker.source_id] = maker
        for package in maker.packages:
            self._making[package][maker.source_id] = maker

    def drop_maker(self, source_id: int) -> None:
        """It came, or will not come."""
        maker = self.makers.pop(source_id, None)
        for package in maker.packages if maker is not None else ():
            self._making[package].pop(source_id, None)
            if not self._making[package]:
                del self._making[package]

    def add_waiter(self, waiter: Waiter) -> None:
        """The job is in dep-wait."""
        self.drop_waiter(waiter.job_id)
        self.waiters[waiter.job_id] = waiter
        self._jobs[waiter.source_id].add(waiter.job_id)
        if waiter.waits is None:
            self._unclear.add(waiter.job_id)
        for name in names_of(waiter.waits or ()):
            self._waiting[name].add(waiter.job_id)

    def drop_waiter(self, job_id: int) -> None:
        """The job is no longer in dep-wait."""
        waiter = self.waiters.pop(job_id, None)
        if waiter is None:
            return
        self._unclear.discard(job_id)
        _discard(self._jobs, waiter.source_id, job_id)
        for name in names_of(waiter.waits or ()):
            _discard(self._waiting, name, job_id)

    def makers_of(self, package: str, sees: frozenset[str]) -> Sequence[Maker]:
        """Who is about to bring *package* into one of the distributions, the latest first."""
        found = self._making.get(package, {}).values()
        return sorted((m for m in found if m.distribution in sees), key=lambda m: -m.source_id)

    def waiting_for(self, packages: Iterable[str], distribution: str) -> set[int]:
        """The jobs that wait for one of *packages* and see *distribution*."""
        found = {job for name in packages for job in self._waiting.get(name, ())}
        return {job for job in found if distribution in self.waiters[job].sees}

    def unclear(self, distribution: str) -> set[int]:
        """The jobs that see *distribution*, and of which nobody knows what they wait for."""
        return {job for job in self._unclear if distribution in self.waiters[job].sees}

    def soft(self, distribution: str) -> set[int]:
        """The jobs that see *distribution* and wait for something that they can do without."""
        every = self.waiters.values()
        return {each.job_id for each in every if each.has_soft and distribution in each.sees}

    def awaited_by(self, source_id: int) -> set[int]:
        """The open sources that this one waits for, directly or by way of others."""
        found: set[int] = set()
        todo = [source_id]
        while todo:
            fresh = self._needed_by(todo.pop(), hard_only=False) - found
            found |= fresh
            todo += fresh
        return found

    def leads_back(self, start: int, goal: int, *, hard_only: bool) -> tuple[str, ...]:
        """The names of sources from *goal* to *goal* by *start*, each waiting for the next one.

        Nothing when *start* does not wait for *goal*.
        """
        if goal not in self.makers or start not in self.makers:
            return ()
        before: dict[int, int] = {start: goal}
        todo = deque([start])
        while todo:
            here = todo.popleft()
            for following in self._needed_by(here, hard_only=hard_only):
                if following == goal:
                    return self._path(before, here, goal)
                if following not in before:
                    before[following] = here
                    todo.append(following)
        return ()

    def _path(self, before: dict[int, int], last: int, goal: int) -> tuple[str, ...]:
        names = [self.makers[goal].name]
        while last != goal:
            names.append(self.makers[last].name)
            last = before[last]
        return (self.makers[goal].name, *reversed(names))

    def _needed_by(self, source_id: int, *, hard_only: bool) -> set[int]:
        """The open sources that jobs of this one wait for; optional ones hold nobody up."""
        found: set[int] = set()
        for job_id in self._jobs.get(source_id, ()):
            waiter = self.waiters[job_id]
            if waiter.is_optional:
                continue
            for each in waiter.waits or ():
                if each.is_soft and hard_only:
                    continue
                for relation in each.group:
                    makers = self.makers_of(relation.name, waiter.sees)
                    found.update(m.source_id for m in makers if relation.allows(m.version))
        return found - {source_id}


def _discard(index: dict[Key, set[int]], key: Key, value: int) -> None:
    index[key].discard(value)
    if not index[key]:
        del index[key]
