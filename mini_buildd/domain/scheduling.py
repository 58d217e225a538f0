"""Which job next: a line of waiting jobs that stays quick however long it is.

Of the jobs that a builder can take, those of higher priority go first. Among them it is the turn of
the uploader who has the fewest builds running, and of those of the one whose last turn is the
longest ago: so somebody's thousands of jobs delay another's single one by one slot at most. Among
an uploader's own jobs those in heavier environments go first, and then the older ones.

Jobs of one priority, one uploader and one demand stand together. Only the first of them is ever
looked at, so a decision costs by the number of uploaders and of different demands, not of jobs.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from mini_buildd.domain.builder import Capacity, Demand, Place, room_of
from mini_buildd.domain.losses import is_better_elsewhere
from mini_buildd.domain.needs import Needs

# So often others may go first because they need less; then a builder is kept free for it.
_MAX_PASSED_OVER = 8
_SPARE = 16


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """A job in the line. *reason* is what its row says; *needs* and the place are in *demand*."""

    id: int
    source: str
    uploader: str
    demand: Demand
    priority: int = 0
    weight: int = 0
    not_before_at: datetime | None = None
    expected_seconds: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunningJob:
    """A job that a builder has; *ends_at* is what earlier builds let expect."""

    id: int
    builder: str
    uploader: str
    needs: Needs
    ends_at: datetime | None = None


class _Pile:
    """Jobs that differ in weight and age only; the first of them is always at hand."""

    def __init__(self) -> None:
        self._weights: dict[int, int] = {}
        self._order: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._weights)

    def add(self, job_id: int, weight: int = 0) -> None:
        self._weights[job_id] = weight
        heapq.heappush(self._order, (-weight, job_id))
        if len(self._order) > 2 * len(self._weights) + _SPARE:
            self._order = [(-weight, pk) for pk, weight in self._weights.items()]
            heapq.heapify(self._order)

    def drop(self, job_id: int) -> bool:
        """Whether it was there; where it stands in the order it goes when it comes to the front."""
        return self._weights.pop(job_id, None) is not None

    def first(self) -> tuple[int, int]:
        """Its weight, negated, and its id; to be asked only when there is one."""
        while True:
            weight, job_id = self._order[0]
            if self._weights.get(job_id) == -weight:
                return weight, job_id
            heapq.heappop(self._order)


class _Own:
    """One uploader's jobs of one priority: a pile for each demand, by its number."""

    def __init__(self) -> None:
        self.piles: dict[int, _Pile] = {}
        self._ages = _Pile()

    def __len__(self) -> int:
        return len(self._ages)

    @property
    def oldest(self) -> int:
        """The id of the job that has been there longest."""
        return self._ages.first()[-1]

    def add(self, job: WaitingJob, demand: int) -> None:
        self.piles.setdefault(demand, _Pile()).add(job.id, job.weight)
        self._ages.add(job.id)

    def drop(self, job_id: int, demand: int) -> bool:
        """Whether it was there."""
        pile = self.piles.get(demand)
        if pile is None or not pile.drop(job_id):
            return False
        self._ages.drop(job_id)
        if not pile:
            del self.piles[demand]
        return True


class _Demands:
    """The demands of the jobs in the line, each by a number: these are quick to compare."""

    def __init__(self) -> None:
        self.by_number: dict[int, Demand] = {}
        self._numbers: dict[Demand, int] = {}
        self._jobs: Counter[int] = Counter()
        self._last = 0

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, demand: Demand) -> int:
        """Its number, 0 when no job has it."""
        return self._numbers.get(demand, 0)

    def add(self, demand: Demand) -> int:
        """A further job has it; gives its number."""
        if demand not in self._numbers:
            self._last += 1
            self._numbers[demand] = self._last
            self.by_number[self._last] = demand
        number = self._numbers[demand]
        self._jobs[number] += 1
        return number

    def subtract(self, number: int) -> None:
        """One job less has it."""
        self._jobs[number] -= 1
        if not self._jobs[number]:
            del self._jobs[number]
            del self._numbers[self.by_number.pop(number)]


class Line:
    """The waiting jobs, and the running ones, which decide whose turn it is."""

    def __init__(self) -> None:
        self.waiting: dict[int, WaitingJob] = {}
        self.running: dict[int, RunningJob] = {}
        self._asleep: list[tuple[datetime, int]] = []
        self._levels: dict[int, dict[str, _Own]] = {}
        self._demands = _Demands()
        self._at: defaultdict[str, dict[int, Needs]] = defaultdict(dict)
        self._busy: Counter[str] = Counter()
        self._lined_up: Counter[str] = Counter()
        self._served: dict[str, int] = {}
        self._turns = 0
        self._passed_over: Counter[int] = Counter()
        self._kept_free: dict[str, int] = {}

    # --- what is in it -----------------------------------------------------------

    def add(self, job: WaitingJob) -> None:
        """Let *job* wait; one that is there already is replaced."""
        if job == self.waiting.get(job.id):
            return
        self._leave(job.id)
        self.waiting[job.id] = job
        self._lined_up[job.uploader] += 1
        if job.not_before_at is not None:
            heapq.heappush(self._asleep, (job.not_before_at, job.id))
        else:
            self._stand(job)

    def drop(self, job_id: int) -> None:
        """The job does not wait any more."""
        job = self._leave(job_id)
        if job is not None:
            self._forget(job.uploader)

    def start(self, job: RunningJob) -> None:
        """A builder has it now."""
        self.end(job.id)
        self.running[job.id] = job
        self._at[job.builder][job.id] = job.needs
        self._busy[job.uploader] += 1

    def end(self, job_id: int) -> None:
        """No builder has it any more."""
        job = self.running.pop(job_id, None)
        if job is None:
            return
        self._at[job.builder].pop(job_id)
        if not self._at[job.builder]:
            del self._at[job.builder]
        self._busy[job.uploader] -= 1
        self._forget(job.uploader)

    def demands(self) -> Collection[Demand]:
        """What the jobs in it want that are not asleep."""
        return self._demands.by_number.values()

    # --- the decision --------------------------------------------------------------

    def choose(
        self,
        builder: Capacity,
        places: Collection[Place],
        now: datetime,
        others: Collection[Capacity] = (),
    ) -> WaitingJob | None:
        """The job that *builder*, with chroots for *places*, is to begin with; it leaves the line.

        None when there is none that it can take now. What it has lost is left to *others* that can
        take it and have not.
        """
        mine = self._at.get(builder.name, {})
        if len(mine) >= builder.slots_at(now):
            return None
        self._awake(now)
        room = room_of(builder, mine.values())
        demands = self._demands.by_number
        able = {
            number
            for number, demand in demands.items()
            if demand.place in places
            and builder.could_take(demand)
            and not _is_for_others(demand, builder, others, now)
        }
        fitting = {number for number in able if room.has(demands[number].needs)}
        chosen = self._first(fitting)
        if chosen is not None and len(fitting) < len(able):
            chosen = self._keep_free(builder, chosen, self._first(able))
        if chosen is None:
            return None
        self._kept_free.pop(builder.name, None)
        self._turns += 1
        self._served[chosen.uploader] = self._turns
        self._leave(chosen.id)
        return chosen

    def _first(self, demands: set[int]) -> WaitingJob | None:
        """Whose turn it is among the jobs that want one of *demands*, which are numbers."""
        for priority in sorted(self._levels, reverse=True):
            level = self._levels[priority]
            turns = [
                (self._busy[uploader], self._served.get(uploader, 0), own.oldest, uploader)
                for uploader, own in level.items()
            ]
            heapq.heapify(turns)
            while turns:
                piles = level[heapq.heappop(turns)[-1]].piles
                firsts = [pile.first() for number, pile in piles.items() if number in demands]
                if firsts:
                    return self.waiting[min(firsts)[-1]]
        return None

    def _keep_free(
        self, builder: Capacity, chosen: WaitingJob, first: WaitingJob | None
    ) -> WaitingJob | None:
        """The *chosen* one, unless the *first* one, too large for now, was passed over too often.

        One builder is kept free for it then, which has no other job until it has room enough.
        """
        if first is None or first.id == chosen.id:
            return chosen
        self._passed_over[first.id] += 1
        if self._passed_over[first.id] <= _MAX_PASSED_OVER:
            return chosen
        self._kept_free = {k: v for k, v in self._kept_free.items() if v in self.waiting}
        if self._kept_free.get(builder.name) is None and first.id not in self._kept_free.values():
            self._kept_free[builder.name] = first.id
        return None if self._kept_free.get(builder.name) == first.id else chosen

    # --- the order ------------------------------------------------------------------

    def _stand(self, job: WaitingJob) -> None:
        own = self._levels.setdefault(job.priority, {}).setdefault(job.uploader, _Own())
        own.add(job, self._demands.add(job.demand))

    def _leave(self, job_id: int) -> WaitingJob | None:
        """Take the job out of the line; nothing is kept where it stood alone."""
        job = self.waiting.pop(job_id, None)
        if job is None:
            return None
        self._passed_over.pop(job_id, None)
        self._lined_up[job.uploader] -= 1
        level, number = self._levels.get(job.priority, {}), self._demands.number(job.demand)
        own = level.get(job.uploader)
        if own is None or not own.drop(job_id, number):
            return job
        self._demands.subtract(number)
        if not own:
            del level[job.uploader]
        if not level:
            del self._levels[job.priority]
        return job

    def _awake(self, now: datetime) -> None:
        """Let those stand in the line that were not to be tried before now."""
        while self._asleep and self._asleep[0][0] <= now:
            at, job_id = heapq.heappop(self._asleep)
            job = self.waiting.get(job_id)
            if job is not None and job.not_before_at == at:
                self._stand(job)

    def _forget(self, uploader: str) -> None:
        """Keep nothing of an uploader who has neither waiting nor running jobs."""
        if self._busy[uploader] <= 0 and self._lined_up[uploader] <= 0:
            for kept in (self._busy, self._lined_up, self._served):
                kept.pop(uploader, None)

    def in_order(self) -> Iterator[WaitingJob]:
        """All jobs, about as they will be taken if every builder could take every job."""
        own: defaultdict[str, list[WaitingJob]] = defaultdict(list)
        for job in self.waiting.values():
            own[job.uploader].append(job)
        ranks: list[tuple[int, int, int, int, int]] = []
        for uploader, jobs in own.items():
            jobs.sort(key=lambda job: (-job.priority, -job.weight, job.id))
            busy, served = self._busy[uploader], self._served.get(uploader, 0)
            ranks += [
                (-job.priority, busy + turn, served, -job.weight, job.id)
                for turn, job in enumerate(jobs)
            ]
        ranks.sort()
        return (self.waiting[rank[-1]] for rank in ranks)


def _is_for_others(
    demand: Demand, builder: Capacity, others: Collection[Capacity], now: datetime
) -> bool:
    """Whether *builder* has lost such jobs, and one of *others* has not that takes jobs now."""
    if builder.name not in demand.lost_by:
        return False
    there = (each for each in others if each.is_there(now) and each.slots_at(now))
    able = {each.name for each in there if each.could_take(demand)}
    return is_better_elsewhere(builder.name, demand.lost_by, able)
