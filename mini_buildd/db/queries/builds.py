"""Builds: jobs with their attempts and what they made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from mini_buildd.db.models import Attempt, Binary, Job, Upload
from mini_buildd.db.queries.narrow import narrow_jobs
from mini_buildd.db.queries.page import PAGE_ROWS, Order, Page, page
from mini_buildd.db.visibility import visible
from mini_buildd.deb.version import Version
from mini_buildd.domain.binnmu import binnmu_version
from mini_buildd.domain.states import JOB_UNDER_WAY, JobState, Outcome
from mini_buildd.kit.parts import in_parts

# From a job to the name of its repository.
_REPOSITORY = "source__distribution__repository__name"


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try; *outcome* is None while it is under way, *token* names its folder of builds/.

    *phases* are titles with seconds; what nobody measured is empty or None.
    """

    number: int
    token: str
    builder: str
    assigned_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    outcome: Outcome | None
    stage: str
    reason: str
    phases: tuple[tuple[str, float], ...]
    peak_memory_bytes: int | None
    disk_bytes: int | None
    cpu_seconds: float | None
    layer: str
    notes: tuple[str, ...]
    is_being_cancelled: bool = False

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it is not over."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class BuildRow:
    """A job as lists show it, with its latest attempt; *version* is that of what it makes.

    *uploader* is who signed the source package, *account* the account whose key that was, if any.
    """

    id: int
    source: str
    version: str
    architecture: str
    distribution: str
    repository: str
    upload_id: int
    uploader: str
    account: str
    state: JobState
    reason: str
    is_optional: bool
    created_at: datetime
    attempt: AttemptRow | None
    build_architecture: str = ""
    profiles: str = ""
    options: str = ""
    rebuild_reason: str = ""
    is_open: bool = False  # the repository takes unsigned uploads
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class ArtifactRow:
    """A binary package that an attempt made; *path* is relative to the repository's folder."""

    name: str
    package: str
    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Build:
    """All of one job; the attempts newest first, *last_good_seconds* of an earlier version."""

    row: BuildRow
    attempts: tuple[AttemptRow, ...]
    artifacts: tuple[ArtifactRow, ...]
    buildinfo: ArtifactRow | None
    expected_seconds: float | None


def account(upload: Upload) -> str:
    """The account whose key signed *upload*; empty when it is not known, or has no such key now."""
    key = upload.signed_by
    return key.user.get_username() if key is not None else ""


def signer(upload: Upload) -> str:
    """Who signed *upload*, to be shown: an account, or whose key of a keyring it was."""
    return account(upload) or upload.signer


def attempt_row(attempt: Attempt) -> AttemptRow:
    """*attempt* as a row."""
    return AttemptRow(
        number=attempt.number,
        token=attempt.token,
        builder=attempt.builder,
        assigned_at=attempt.assigned_at,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
        outcome=Outcome(attempt.outcome) if attempt.outcome else None,
        stage=attempt.stage,
        reason=attempt.reason,
        phases=tuple((str(title), float(seconds)) for title, seconds in attempt.phases),
        peak_memory_bytes=attempt.peak_memory_bytes,
        disk_bytes=attempt.disk_bytes,
        cpu_seconds=attempt.cpu_seconds,
        layer=attempt.layer,
        notes=tuple(attempt.notes.splitlines()),
        is_being_cancelled=attempt.cancel_requested_at is not None and not attempt.outcome,
    )


def attempts_of(job: Job) -> list[Attempt]:
    """The attempts of *job*, which come prefetched, newest first."""
    return sorted(job.attempts.all(), key=lambda attempt: attempt.number, reverse=True)


def build_row(job: Job) -> BuildRow:
    """*job* as a row; it must come out of jobs()."""
    attempts = attempts_of(job)
    source = job.source
    if source.upload is None:  # pragma: no cover  # what was built elsewhere has no jobs
        raise AssertionError(source)
    return BuildRow(
        id=job.pk,
        source=source.name,
        version=binnmu_version(Version(source.version), job.binnmu),
        architecture=job.architecture,
        distribution=source.distribution.name,
        repository=source.distribution.repository.name,
        upload_id=source.upload.pk,
        uploader=signer(source.upload),
        account=account(source.upload),
        state=JobState(job.state),
        reason=job.reason,
        is_optional=job.is_optional,
        created_at=job.created_at,
        attempt=attempt_row(attempts[0]) if attempts else None,
        build_architecture=job.build_architecture,
        profiles=job.profiles,
        options=job.options,
        rebuild_reason=job.binnmu_reason,
        is_open=source.distribution.repository.is_open,
        is_private=source.distribution.repository.is_private,
    )


def jobs() -> QuerySet[Job]:
    """Jobs with all that a row needs, in two questions."""
    rows = Job.objects.select_related(
        "source__distribution__repository", "source__upload__signed_by__user"
    ).prefetch_related("attempts")
    return visible(rows, _REPOSITORY)


def visible_jobs(ids: Iterable[int]) -> set[int]:
    """Those of the jobs with these *ids* that may be seen."""
    return {
        pk
        for part in in_parts(ids)
        for pk in visible(Job.objects.filter(pk__in=part), _REPOSITORY).values_list("pk", flat=True)
    }


def in_order(rows: QuerySet[Job], ids: Sequence[int]) -> list[Job]:
    """Those of *rows* with these *ids*, in their order."""
    found = rows.in_bulk(list(ids))
    return [found[pk] for pk in ids if pk in found]


def rows_of(ids: Sequence[int]) -> tuple[BuildRow, ...]:
    """The builds with these *ids*, in their order."""
    return tuple(build_row(job) for job in in_order(jobs(), ids))


def list_builds(
    before: int | None = None,
    *,
    state: JobState | None = None,
    source: str = "",
    distribution: str = "",
    architecture: str = "",
    builder: str = "",
    person: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    order: Order = Order.NEWEST,
    count: int = PAGE_ROWS,
) -> Page[BuildRow]:
    """A page of builds, in their *order*: those that fit all of what is given (see narrow)."""
    rows = narrow_jobs(
        jobs(),
        state=state,
        source=source,
        distribution=distribution,
        architecture=architecture,
        builder=builder,
        person=person,
        since=since,
        until=until,
    )
    return page(rows, build_row, before, count, order)


def count_under_way() -> int:
    """How many builds run now."""
    return jobs().filter(state__in=JOB_UNDER_WAY).count()


def find_build(job_id: int) -> Build | None:
    """The build with number *job_id*."""
    job = jobs().filter(pk=job_id).first()
    if job is None:
        return None
    row = build_row(job)
    expected = last_good_seconds([row]).get((row.source, row.architecture))
    attempts = tuple(attempt_row(attempt) for attempt in attempts_of(job))
    return Build(row, attempts, _artifacts(job), _buildinfo(job), expected)


def find_attempt(job_id: int, number: int | None) -> AttemptRow | None:
    """An attempt of a job, the latest when no *number* is given."""
    rows = visible(Attempt.objects.filter(job_id=job_id), f"job__{_REPOSITORY}")
    if number is not None:
        rows = rows.filter(number=number)
    found = rows.order_by("-number").first()
    return attempt_row(found) if found is not None else None


def last_good_seconds(rows: Iterable[BuildRow]) -> Mapping[tuple[str, str], float]:
    """How long the latest good build of each (source, architecture) of *rows* took."""
    wanted = Q(pk__in=[])
    for source, architecture in {(row.source, row.architecture) for row in rows}:
        wanted |= Q(job__source__name=source, job__architecture=architecture)
    good = (
        Attempt.objects.filter(wanted, outcome=Outcome.SUCCEEDED, finished_at__isnull=False)
        .order_by("-pk")
        .values_list("job__source__name", "job__architecture", "started_at", "finished_at")
    )
    taken: dict[tuple[str, str], float] = {}
    for source, architecture, started_at, finished_at in good[:500]:
        if started_at is not None and finished_at is not None:
            taken.setdefault((source, architecture), (finished_at - started_at).total_seconds())
    return taken


def _artifacts(job: Job) -> tuple[ArtifactRow, ...]:
    rows = Binary.objects.filter(attempt__job=job).select_related("file").order_by("package")
    return tuple(
        ArtifactRow(row.file.name, row.package, row.file.path, row.file.size_bytes) for row in rows
    )


def _buildinfo(job: Job) -> ArtifactRow | None:
    made = (
        Attempt.objects.filter(job=job, buildinfo__isnull=False)
        .select_related("buildinfo")
        .order_by("-number")
        .first()
    )
    if made is None or made.buildinfo is None:
        return None
    file = made.buildinfo
    return ArtifactRow(file.name, "", file.path, file.size_bytes)
