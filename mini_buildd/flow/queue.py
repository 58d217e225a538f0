"""The queue in memory: a copy of the open rows, in an order in which decisions are quick.

The database is the record. Who decides brings the copy up to date first: by the events since the
last time, and by comparing all of it when it is small, or a minute old. Every move is a
compare-and-set, so a copy that is behind costs time and nothing else.
"""

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from mini_buildd.db.models import Distribution
from mini_buildd.db.queries import queue as rows
from mini_buildd.db.queries.offers import Provided, provided_names
from mini_buildd.deb.deb822 import MalformedControl, parse_paragraph
from mini_buildd.deb.names import MalformedName
from mini_buildd.deb.version import Version
from mini_buildd.domain.builder import Capacity, Demand, Place
from mini_buildd.domain.needs import Past, Said, expected_seconds, needs_of
from mini_buildd.domain.order import Maker
from mini_buildd.domain.pending import Pending, Waiter, read_waits
from mini_buildd.domain.scheduling import Line, RunningJob, WaitingJob
from mini_buildd.domain.states import JOB_UNDER_WAY, JobState
from mini_buildd.flow.seen import seen_by

_SMALL = 500
_MANY_EVENTS = 2000
_MAX_AGE = timedelta(minutes=1)


class Queue:
    """Whoever uses it holds *lock* from bringing it up to date until the decision is made."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.line = Line()
        self.pending = Pending()
        self.places: Mapping[Place, int] = {}
        self.builders: Sequence[Capacity] = ()
        self.outlook: object = None  # what flow.outlook has made of it, for some seconds
        self._event = -1
        self._compared_at: datetime | None = None
        self._said: Mapping[str, Said] = {}
        self._details: dict[int, rows.JobDetail] = {}
        self._sees: dict[int, frozenset[str]] = {}
        self._texts: dict[int, str] = {}
        self._provided: dict[str, tuple[int, Provided]] = {}

    def provided(self, distribution: str, number: int) -> Provided:
        """What packages of the suite in that version provide; kept until there is a newer one."""
        kept = self._provided.get(distribution)
        if kept is None or kept[0] != number:
            kept = self._provided[distribution] = (number, provided_names(distribution, number))
        return kept[1]

    # --- bringing it up to date ----------------------------------------------------

    def refresh(self, backend: str, now: datetime) -> None:
        """Make it what the rows say; *backend* is that of the chroots."""
        self.places = rows.list_places(backend)
        changes = None
        if not self._is_to_compare(now):
            changes = rows.changes_since(self._event, _MANY_EVENTS)
        if changes is None:
            self._event = rows.last_event()
            self._compare(now)
        elif changes.last != self._event:
            self._event = changes.last
            self._read_makers(changes.sources)
            self._read_jobs(changes.jobs)

    def _is_to_compare(self, now: datetime) -> bool:
        if self._compared_at is None:
            return True
        held = len(self.line.waiting) + len(self.pending.waiters)
        return held < _SMALL or abs(now - self._compared_at) > _MAX_AGE

    def _compare(self, now: datetime) -> None:
        """Compare all of it with the rows."""
        self._compared_at = now
        self._sees.clear()
        self.builders = rows.list_builders()
        said = rows.said_needs()
        names = {
            name for name in said.keys() | self._said if said.get(name) != self._said.get(name)
        }
        self._said = said
        changed = {pk for pk, each in self._details.items() if each.source in names}
        for pk in changed:
            self._forget(pk)
        self._read_makers(None)
        self._read_dep_waits(None)
        self._read_waiting(None)
        self._read_running(None)

    def _read_jobs(self, ids: Collection[int]) -> None:
        """Read the rows of these jobs: each of them waits, has a builder, or has ended."""
        states = rows.job_states(ids)
        waiting = {pk for pk in ids if states.get(pk) is JobState.WAITING}
        in_dep_wait = {pk for pk in ids if states.get(pk) is JobState.DEP_WAIT}
        under_way = {pk for pk in ids if states.get(pk) in JOB_UNDER_WAY}
        for pk in set(ids) - waiting:
            self._forget(pk)
        for pk in set(ids) - in_dep_wait:
            self._texts.pop(pk, None)
            self.pending.drop_waiter(pk)
        for pk in set(ids) - under_way:
            self.line.end(pk)
        self._read_waiting(waiting)
        self._read_dep_waits(in_dep_wait)
        self._read_running(under_way - self.line.running.keys())

    def _read_makers(self, only: Collection[int] | None) -> None:
        known = self.pending.makers
        if only is None:
            ids = rows.open_source_ids()
            for pk in known.keys() - ids:
                self.pending.drop_maker(pk)
            only = ids - known.keys()
        found = {row.id: row for row in rows.open_sources(only)}
        for pk in only:
            maker = _maker(found[pk]) if pk in found else None
            if maker is None:
                self.pending.drop_maker(pk)
            else:
                self.pending.add_maker(maker)

    def _read_dep_waits(self, only: Collection[int] | None) -> None:
        known = self.pending.waiters
        found = {row.job_id: row for row in rows.dep_wait_heads(only)}
        for pk in list(known) if only is None else only:
            if pk not in found:
                self._texts.pop(pk, None)
                self.pending.drop_waiter(pk)
        for pk, row in found.items():
            if self._texts.get(pk) != row.waits_for or pk not in known:
                self._texts[pk] = row.waits_for
                self.pending.add_waiter(self._waiter(row))

    def _waiter(self, row: rows.DepWaitHead) -> Waiter:
        if row.distribution_id not in self._sees:
            distributions = Distribution.objects.select_related("base", "repository", "suite")
            seen = seen_by(distributions.get(pk=row.distribution_id))
            self._sees[row.distribution_id] = frozenset(seen)
        return Waiter(
            row.job_id,
            row.source_id,
            row.source,
            self._sees[row.distribution_id],
            read_waits(row.waits_for),
            row.is_optional,
        )

    def _read_waiting(self, only: Collection[int] | None) -> None:
        known = self.line.waiting
        heads = {head.id: head for head in rows.waiting_heads(only)}
        for pk in list(known) if only is None else only:
            if pk not in heads:
                self._forget(pk)
        fresh = [pk for pk in heads if pk not in known]
        for detail in rows.job_details(fresh):
            self._details[detail.id] = detail
        past = rows.past_builds({self._details[pk].source for pk in fresh if pk in self._details})
        for pk, head in heads.items():
            old = known.get(pk)
            if old is None and pk in self._details:
                self.line.add(self._waiting_job(head, self._details[pk], past))
            elif old is not None:
                self.line.add(self._as_now(head, old))

    def _forget(self, job_id: int) -> None:
        self.line.drop(job_id)
        self._details.pop(job_id, None)

    def _as_now(self, head: rows.JobHead, old: WaitingJob) -> WaitingJob:
        place = old.demand.place
        return replace(
            old,
            priority=head.priority + self._said.get(old.source, Said()).priority,
            weight=self.places.get(place, 0),
            not_before_at=head.not_before_at,
            reason=head.reason,
        )

    def _waiting_job(
        self,
        head: rows.JobHead,
        detail: rows.JobDetail,
        past: Mapping[tuple[str, str], Sequence[Past]],
    ) -> WaitingJob:
        said = self._said.get(detail.source, Said())
        builds = past.get((detail.source, detail.architecture), ())
        return WaitingJob(
            id=head.id,
            source=detail.source,
            uploader=detail.uploader,
            demand=Demand(detail.place, needs_of(said, builds), detail.lost_by),
            priority=head.priority + said.priority,
            weight=self.places.get(detail.place, 0),
            not_before_at=head.not_before_at,
            expected_seconds=expected_seconds(builds),
            reason=head.reason,
        )

    def _read_running(self, only: Collection[int] | None) -> None:
        known = self.line.running
        found = {row.job_id: row for row in rows.running_heads(only)}
        for pk in list(known) if only is None else only:
            if pk not in found:
                self.line.end(pk)
        fresh = [row for pk, row in found.items() if pk not in known]
        details = {each.id: each for each in rows.job_details(row.job_id for row in fresh)}
        past = rows.past_builds({each.source for each in details.values()})
        for row in fresh:
            detail = details[row.job_id]
            builds = past.get((detail.source, detail.architecture), ())
            needs = needs_of(self._said.get(detail.source, Said()), builds)
            ends_at = ending(row.since, expected_seconds(builds))
            self.start(RunningJob(row.job_id, row.builder, detail.uploader, needs, ends_at))

    # --- what the decisions change at once --------------------------------------------

    def start(self, job: RunningJob) -> None:
        """A builder has the job."""
        self._forget(job.id)
        self.line.start(job)

    def read_again(self, jobs: Iterable[int]) -> None:
        """Something about these jobs was changed without an event."""
        self._read_jobs(frozenset(jobs))


def ending(since: datetime, seconds: float | None) -> datetime | None:
    """When a build is expected to end that began then."""
    return since + timedelta(seconds=seconds) if seconds is not None else None


def _maker(row: rows.OpenSource) -> Maker | None:
    """None when nobody can tell what it makes."""
    try:
        names = (parse_paragraph(row.paragraph.encode()).get("Binary") or "").split(",")
        packages = tuple(name.strip() for name in names if name.strip())
        return Maker(row.id, row.name, Version(row.version), row.distribution, packages)
    except (MalformedControl, MalformedName):
        return None
