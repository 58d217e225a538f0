"""What the waiting jobs are to expect: their order, why each waits, and about how long."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mini_buildd.domain.builder import Capacity, Place
from mini_buildd.domain.scheduling import WaitingJob
from mini_buildd.domain.waiting import Forecast, foresee, why
from mini_buildd.flow.queue import Queue

# Guesses need not be newer than that: people load pages again and again.
_FRESH = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Outlook:
    """The queue as it was at a moment; in *order* those in dep-wait come last."""

    at: datetime
    order: Sequence[int]
    waiting_count: int
    jobs: Mapping[int, WaitingJob]
    forecasts: Mapping[int, Forecast]
    builders: Sequence[Capacity]
    places: Collection[Place]

    def why(self, job_id: int) -> str:
        """Why a job waits for a builder; empty for one that does not."""
        job = self.jobs.get(job_id)
        if job is None:
            return ""
        return why(job, self.forecasts.get(job_id), self.builders, self.places, self.at)


def look_ahead(queue: Queue, backend: str, now: datetime) -> Outlook:
    """What is to be expected *now*, or was some seconds ago."""
    with queue.lock:
        kept = queue.outlook
        if isinstance(kept, Outlook) and abs(now - kept.at) < _FRESH:
            return kept
        queue.refresh(backend, now)
        line = queue.line
        order = [job.id for job in line.in_order()]
        found = Outlook(
            at=now,
            order=(*order, *sorted(queue.pending.waiters)),
            waiting_count=len(order),
            jobs=dict(line.waiting),
            forecasts=foresee(line, queue.builders, now),
            builders=queue.builders,
            places=frozenset(queue.places),
        )
        queue.outlook = found
        return found
