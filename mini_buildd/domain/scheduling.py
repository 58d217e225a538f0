"""Which job next: a line of waiting jobs that stays quick however long it is.

Of the jobs that a builder can take, those of higher priority go first. Among them it is the turn of
the uploader who has the fewest builds running, and of those of the one whose last turn is the
longest ago: so somebody's thousands of jobs delay another's single one by one slot at most. Among
an uploader's own jobs those in heavier environments go first, and then the older ones.

Jobs with the same demand stand together, in them those of each uploader. Only the first of each is
ever looked at, so a decision costs by the number of different demands, not by that of jobs.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from mini_buildd.domain.builder import Capacity, Demand, Place, room_of
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


class _Rank(NamedTuple):
    """The order; the smallest goes first."""

    priority: int
    running: int
    served: int
    weight: int
    job_id: int
    uploader: str


class _Own(NamedTuple):
    """The order among one uploader's jobs."""

    priority: int
    weight: int
    job_id: int


class Line:
    """The waiting jobs, and the running ones, which decide whose turn it is."""

    def __init__(self) -> None:
        self.waiting: dict[int, WaitingJob] = {}
        self.running: dict[int, RunningJob] = {}
        self._asleep: list[tuple[datetime, int]] = []
        self._own: defaultdict[tuple[Demand, str], list[_Own]] = defaultdict(list)
        self._ranks: defaultdict[Demand, list[_Rank]] = defaultdict(list)
        self._demands: defaultdict[str, set[Demand]] = defaultdict(set)
        self._uploaders: defaultdict[Demand, set[str]] = defaultdict(set)
        self._busy: Counter[str] = Counter()
        self._lined_up: Counter[str] = Counter()
        self._at: defaultdict[str, dict[int, Needs]] = defaultdict(dict)
        self._served: dict[str, int] = {}
        self._turns = 0
        self._passed_over: Counter[int] = Counter()
        self._kept_free: dict[str, int] = {}

    # --- what is in it -----------------------------------------------------------

    def add(self, job: WaitingJob) -> None:
        """Let *job* wait; one that is there already is replaced."""
        if job == self.waiting.get(job.id):
            return
        self.drop(job.id)
        self.waiting[job.id] = job
        self._lined_up[job.uploader] += 1
        if job.not_before_at is not None:
            heapq.heappush(self._asleep, (job.not_before_at, job.id))
        else:
            self._stand(job)

    def drop(self, job_id: int) -> None:
        """The job does not wait any more; where it stands is tidied up when its turn comes."""
        job = self._leave(job_id)
        if job is not None:
            self._forget(job.uploader)

    def _leave(self, job_id: int) -> WaitingJob | None:
        job = self.waiting.pop(job_id, None)
        if job is not None:
            self._passed_over.pop(job_id, None)
            self._lined_up[job.uploader] -= 1
        return job

    def start(self, job: RunningJob) -> None:
        """A builder has it now."""
        self.end(job.id)
        self.running[job.id] = job
        self._at[job.builder][job.id] = job.needs
        self._busy[job.uploader] += 1
        self._rank_anew(job.uploader)

    def end(self, job_id: int) -> None:
        """No builder has it any more."""
        job = self.running.pop(job_id, None)
        if job is None:
            return
        _drop(self._at, job.builder, job_id)
        self._busy[job.uploader] -= 1
        self._rank_anew(job.uploader)
        self._forget(job.uploader)

    def demands(self) -> Collection[Demand]:
        """What the jobs in it want that are not asleep; some of it may have been dropped since."""
        return self._ranks.keys()

    # --- the decision --------------------------------------------------------------

    def choose(
        self, builder: Capacity, places: Collection[Place], now: datetime
    ) -> WaitingJob | None:
        """The job that *builder*, with chroots for *places*, is to begin with; it leaves the line.

        None when there is none that it can take now.
        """
        mine = self._at.get(builder.name, {})
        if len(mine) >= builder.slots_at(now):
            return None
        self._awake(now)
        room = room_of(builder, mine.values())
        first, fitting = None, None
        for demand in list(self._ranks):
            if demand.place not in places or not builder.could_take(demand):
                continue
            rank = self._head(demand)
            if rank is None:
                continue
            first = rank if first is None else min(first, rank)
            if room.has(demand.needs):
                fitting = rank if fitting is None else min(fitting, rank)
        return self._take(builder, first, fitting)

    def _take(
        self, builder: Capacity, first: _Rank | None, fitting: _Rank | None
    ) -> WaitingJob | None:
        """The *fitting* one, unless the *first* one has been passed over too often."""
        kept = self._kept_free.get(builder.name)
        if kept is not None and kept not in self.waiting:
            del self._kept_free[builder.name]
            kept = None
        if first is not None and fitting is not None and first != fitting:
            passed, others = first.job_id, self._kept_free.values()
            self._passed_over[passed] += 1
            if self._passed_over[passed] > _MAX_PASSED_OVER and passed not in others:
                kept = self._kept_free.setdefault(builder.name, passed)
        if fitting is None or (kept is not None and kept != fitting.job_id):
            return None
        self._kept_free.pop(builder.name, None)
        job = self.waiting[fitting.job_id]
        self._turns += 1
        self._served[job.uploader] = self._turns
        self._leave(job.id)
        self._rank_anew(job.uploader)
        return job

    # --- the order ------------------------------------------------------------------

    def _stand(self, job: WaitingJob) -> None:
        heapq.heappush(self._own[job.demand, job.uploader], _own(job))
        self._demands[job.uploader].add(job.demand)
        self._uploaders[job.demand].add(job.uploader)
        self._push(job.demand, job.uploader)

    def _awake(self, now: datetime) -> None:
        """Let those stand in the line that were not to be tried before now."""
        while self._asleep and self._asleep[0][0] <= now:
            at, job_id = heapq.heappop(self._asleep)
            job = self.waiting.get(job_id)
            if job is not None and job.not_before_at == at:
                self._stand(job)

    def _rank(self, demand: Demand, uploader: str) -> _Rank | None:
        """How the uploader's first job of this demand stands at present."""
        own = self._own.get((demand, uploader), [])
        while own:
            job = self.waiting.get(own[0].job_id)
            if job is not None and job.demand == demand and _own(job) == own[0]:
                turn = (self._busy[uploader], self._served.get(uploader, 0))
                return _Rank(own[0].priority, *turn, own[0].weight, job.id, uploader)
            heapq.heappop(own)
        self._own.pop((demand, uploader), None)
        self._demands.get(uploader, set()).discard(demand)
        self._uploaders.get(demand, set()).discard(uploader)
        return None

    def _push(self, demand: Demand, uploader: str) -> None:
        rank = self._rank(demand, uploader)
        ranks = self._ranks[demand]
        if rank is not None:
            heapq.heappush(ranks, rank)
        if len(ranks) > 2 * len(self._uploaders[demand]) + _SPARE:
            self._tidy(demand)

    def _tidy(self, demand: Demand) -> None:
        """Leave out what is there twice or holds no more, so that it never grows."""
        uploaders = list(self._uploaders[demand])
        ranks = [rank for each in uploaders if (rank := self._rank(demand, each)) is not None]
        heapq.heapify(ranks)
        self._ranks[demand] = ranks

    def _rank_anew(self, uploader: str) -> None:
        for demand in list(self._demands.get(uploader, ())):
            self._push(demand, uploader)

    def _head(self, demand: Demand) -> _Rank | None:
        """The first of all with this demand; what has changed since it was put there goes."""
        ranks = self._ranks[demand]
        while ranks:
            now = self._rank(demand, ranks[0].uploader)
            if now == ranks[0]:
                return now
            heapq.heappop(ranks)
            if now is not None and now not in ranks[:1]:
                heapq.heappush(ranks, now)
        del self._ranks[demand]
        self._uploaders.pop(demand, None)
        return None

    def _forget(self, uploader: str) -> None:
        """Keep nothing of an uploader who has neither waiting nor running jobs."""
        if self._busy[uploader] <= 0 and self._lined_up[uploader] <= 0:
            for kept in (self._busy, self._lined_up, self._demands, self._served):
                kept.pop(uploader, None)

    def in_order(self) -> Iterator[WaitingJob]:
        """All jobs, about as they will be taken if every builder could take every job."""
        own: defaultdict[str, list[WaitingJob]] = defaultdict(list)
        for job in self.waiting.values():
            own[job.uploader].append(job)
        ranks: list[tuple[int, int, int, int, int]] = []
        for uploader, jobs in own.items():
            jobs.sort(key=_own)
            busy, served = self._busy[uploader], self._served.get(uploader, 0)
            ranks += [
                (-job.priority, busy + turn, served, -job.weight, job.id)
                for turn, job in enumerate(jobs)
            ]
        ranks.sort()
        return (self.waiting[rank[-1]] for rank in ranks)


def _own(job: WaitingJob) -> _Own:
    return _Own(-job.priority, -job.weight, job.id)


def _drop(index: defaultdict[str, dict[int, Needs]], key: str, job_id: int) -> None:
    index[key].pop(job_id, None)
    if not index[key]:
        del index[key]
