"""What the queue of jobs is made from: waiting jobs, running ones, builders, and who makes what."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Max, Q

from mini_buildd.db.models import Attempt, Builder, BuildNeeds, Chroot, Event, Job, Source
from mini_buildd.domain.builder import Capacity, Place
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.needs import Past, Said
from mini_buildd.domain.states import JOB_OPEN, JobState, Outcome, SourceState
from mini_buildd.kit.parts import in_parts

_OPEN_SOURCES = (SourceState.ACCEPTED, SourceState.BUILDING, SourceState.READY)
_PAST_BUILDS = 5
# After these a source is as open as before.
_OF_JOBS_ONLY = frozenset(
    {
        EventKind.JOB_ASSIGNED,
        EventKind.JOB_STARTED,
        EventKind.JOB_RELEASED,
        EventKind.JOB_DEP_WAIT,
        EventKind.JOB_LOST,
    }
)


@dataclass(frozen=True, slots=True)
class JobHead:
    """Of a waiting job what may change while it waits."""

    id: int
    priority: int
    not_before_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class JobDetail:
    """Of a job what stays until its next attempt."""

    id: int
    source: str
    uploader: str
    place: Place
    architecture: str
    lost_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RunningHead:
    """A job that a builder has."""

    job_id: int
    builder: str
    since: datetime


@dataclass(frozen=True, slots=True)
class DepWaitHead:
    """A job in dep-wait."""

    job_id: int
    source_id: int
    source: str
    distribution_id: int
    waits_for: str
    is_optional: bool


@dataclass(frozen=True, slots=True)
class OpenSource:
    """A source package that is about to come."""

    id: int
    name: str
    version: str
    distribution: str
    paragraph: str


@dataclass(frozen=True, slots=True)
class Changes:
    """Whose events came after one, and the last of them."""

    jobs: frozenset[int]
    sources: frozenset[int]
    last: int


def last_event() -> int:
    """The number of the newest event."""
    found: int | None = Event.objects.aggregate(last=Max("pk"))["last"]
    return found or 0


def last_event_before(at: datetime) -> int:
    """The number of the newest event before that time."""
    rows = Event.objects.filter(at__lt=at).order_by("-at", "-pk")
    return rows.values_list("pk", flat=True).first() or 0


def changes_since(event_id: int, at_most: int) -> Changes | None:
    """What events after that one concern; None when there are too many to tell quickly."""
    rows = Event.objects.filter(pk__gt=event_id).order_by("pk")
    found = list(rows.values_list("pk", "kind", "job_id", "source_id")[: at_most + 1])
    if len(found) > at_most:
        return None
    last = max((row[0] for row in found), default=event_id)
    jobs = frozenset(job for _, _, job, _ in found) - {None}
    sources = frozenset(source for _, kind, _, source in found if kind not in _OF_JOBS_ONLY)
    return Changes(jobs, sources - {None}, last)


def job_states(ids: Iterable[int]) -> Mapping[int, JobState]:
    """The states of these jobs."""
    return {
        pk: JobState(state)
        for part in in_parts(ids)
        for pk, state in Job.objects.filter(pk__in=part).order_by().values_list("pk", "state")
    }


def waiting_heads(only: Iterable[int] | None = None) -> list[JobHead]:
    """All jobs that wait for a builder, or those of them with these ids."""
    rows = Job.objects.filter(state=JobState.WAITING).order_by()
    fields = ("pk", "priority", "not_before_at", "reason")
    if only is None:
        return [JobHead(*row) for row in rows.values_list(*fields)]
    return [
        JobHead(*row)
        for part in in_parts(only)
        for row in rows.filter(pk__in=part).values_list(*fields)
    ]


def job_details(ids: Iterable[int]) -> list[JobDetail]:
    """What stays of the jobs with these *ids*."""
    found = []
    for part in in_parts(ids):
        rows = (
            Job.objects.filter(pk__in=part)
            .order_by()
            .values_list(
                "pk",
                "source__name",
                "source__upload__signed_by__user__username",
                "source__upload__signer_fingerprint",
                "source__distribution__base__codename",
                "architecture",
                "build_architecture",
            )
        )
        lost = _lost_by(part)
        found += [
            JobDetail(
                pk,
                name,
                account or key or "",
                (codename, built_on or architecture),
                architecture,
                frozenset(lost[pk]),
            )
            for pk, name, account, key, codename, architecture, built_on in rows
        ]
    return found


def _lost_by(ids: Collection[int]) -> Mapping[int, set[str]]:
    """Which builders have lost attempts at the jobs with these *ids*."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    rows = Attempt.objects.filter(job__in=ids, outcome=Outcome.LOST).order_by()
    for job_id, builder in rows.values_list("job_id", "builder"):
        found[job_id].add(builder)
    return found


def running_heads(only: Iterable[int] | None = None) -> list[RunningHead]:
    """The jobs that builders have, or those of them with these ids."""
    rows = Attempt.objects.filter(outcome="").order_by()
    parts = [rows] if only is None else [rows.filter(job__in=part) for part in in_parts(only)]
    return [
        RunningHead(job_id, builder, started_at or assigned_at)
        for part in parts
        for job_id, builder, started_at, assigned_at in part.values_list(
            "job_id", "builder", "started_at", "assigned_at"
        )
    ]


def dep_wait_heads(only: Iterable[int] | None = None) -> list[DepWaitHead]:
    """All jobs in dep-wait, or those of them with these ids."""
    rows = Job.objects.filter(state=JobState.DEP_WAIT).order_by()
    parts = [rows] if only is None else [rows.filter(pk__in=part) for part in in_parts(only)]
    return [
        DepWaitHead(*row)
        for part in parts
        for row in part.values_list(
            "pk",
            "source_id",
            "source__name",
            "source__distribution_id",
            "waits_for",
            "is_optional",
        )
    ]


def open_source_ids() -> set[int]:
    """The sources that are about to come, those with late builds among them."""
    being_made = Source.objects.filter(state__in=_OPEN_SOURCES).order_by()
    # Asked by the jobs: were it asked by the sources, all that was ever published would be read.
    jobs = Job.objects.filter(state__in=JOB_OPEN).order_by()
    late = {
        pk
        for pk, state in jobs.values_list("source_id", "source__state")
        if state == SourceState.PUBLISHED
    }
    return late | set(being_made.values_list("pk", flat=True))


def open_sources(ids: Iterable[int]) -> list[OpenSource]:
    """Those of the sources with these *ids* that are about to come."""
    found = []
    for part in in_parts(ids):
        is_late = Q(state=SourceState.PUBLISHED, jobs__state__in=JOB_OPEN)
        rows = Source.objects.filter(Q(state__in=_OPEN_SOURCES) | is_late, pk__in=part)
        fields = ("pk", "name", "version", "distribution__name", "paragraph")
        found += [OpenSource(*row) for row in rows.order_by().values_list(*fields).distinct()]
    return found


def said_needs() -> Mapping[str, Said]:
    """What somebody has said of source packages, by name."""
    return {
        row.source: Said(
            row.memory_mb, row.disk_mb, row.cores, frozenset(row.tags.split()), row.priority
        )
        for row in BuildNeeds.objects.all()
    }


def past_builds(sources: Collection[str]) -> Mapping[tuple[str, str], Sequence[Past]]:
    """The latest good builds of these source packages, by name and architecture."""
    found: defaultdict[tuple[str, str], list[Past]] = defaultdict(list)
    for part in in_parts(sources):
        rows = (
            Source.objects.filter(name__in=part, jobs__attempts__outcome=Outcome.SUCCEEDED)
            .order_by("-pk")
            .values_list(
                "name",
                "jobs__architecture",
                "jobs__attempts__started_at",
                "jobs__attempts__finished_at",
                "jobs__attempts__peak_memory_bytes",
                "jobs__attempts__disk_bytes",
            )
        )
        for name, architecture, started_at, finished_at, memory, disk in rows.iterator():
            past = found[name, architecture]
            if len(past) < _PAST_BUILDS:
                past.append(Past(_seconds(started_at, finished_at), memory, disk))
    return found


def _seconds(started_at: datetime | None, finished_at: datetime | None) -> float | None:
    if started_at is None or finished_at is None:
        return None
    return (finished_at - started_at).total_seconds()


def list_builders(name: str | None = None) -> list[Capacity]:
    """All builders, or the one with that *name*."""
    rows = Builder.objects.all() if name is None else Builder.objects.filter(name=name)
    return [
        Capacity(
            name=row.name,
            slots=row.slots,
            cores=row.cores,
            memory_mb=row.memory_mb,
            disk_mb=row.disk_mb,
            architectures=frozenset(row.architectures.split()),
            tags=frozenset(row.tags.split()),
            is_enabled=row.is_enabled,
            set_aside_at=row.set_aside_at,
            set_aside_until=row.set_aside_until,
            seen_at=row.seen_at,
        )
        for row in rows
    ]


def list_places(backend: str) -> Mapping[Place, int]:
    """What there are chroots for that builds may use, with the weight of each."""
    rows = Chroot.objects.filter(backend=backend, made_at__isnull=False, is_active=True)
    found = rows.order_by().values_list(F("base__codename"), "architecture", "weight")
    return {(codename, architecture): weight for codename, architecture, weight in found}


def waiting_by_architecture() -> Mapping[str, frozenset[int]]:
    """The jobs that wait, for a builder or for other packages, by architecture."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    rows = Job.objects.filter(state__in=[JobState.WAITING, JobState.DEP_WAIT]).order_by()
    for pk, architecture in rows.values_list("pk", "architecture"):
        found[architecture].add(pk)
    return {name: frozenset(ids) for name, ids in found.items()}
