"""The good builds that came before an attempt: what it can be compared with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Case, QuerySet, Value, When

from mini_buildd.db.models import Attempt, Job
from mini_buildd.db.queries.builds import AttemptRow, attempt_row
from mini_buildd.db.visibility import visible
from mini_buildd.domain.states import Outcome

_MOST = 5


@dataclass(frozen=True, slots=True)
class GoodBuild:
    """A successful attempt at an earlier build of the same source package."""

    job_id: int
    version: str
    distribution: str
    attempt: AttemptRow


def good_builds_before(job_id: int, number: int) -> tuple[GoodBuild, ...]:
    """Some good builds before attempt *number* of a job, on the same architecture.

    Those for the same distribution come first, of these the newest.
    """
    attempt = Attempt.objects.select_related("job__source").get(job_id=job_id, number=number)
    job = attempt.job
    is_same = When(job__source__distribution=job.source.distribution_id, then=Value(0))
    good = Attempt.objects.filter(
        job__source__name=job.source.name,
        job__architecture=job.architecture,
        outcome=Outcome.SUCCEEDED,
        pk__lt=attempt.pk,
    )
    rows = (
        visible(good, "job__source__distribution__repository__name")
        .select_related("job__source__distribution")
        .order_by(Case(is_same, default=Value(1)), "-pk")
    )
    return tuple(
        GoodBuild(
            row.job_id,
            row.job.source.version,
            row.job.source.distribution.name,
            attempt_row(row),
        )
        for row in rows[:_MOST]
    )


@dataclass(frozen=True, slots=True)
class BuildinfoRow:
    """A good build that left a .buildinfo at *path* of its repository's folder.

    *sizes* are those of the packages it made, by their names.
    """

    job_id: int
    attempt_id: int
    version: str
    path: str
    repository: str
    sizes: Mapping[str, int] = field(default_factory=dict)


def buildinfo_of(job_id: int) -> BuildinfoRow | None:
    """The latest good build of a job that left a .buildinfo."""
    return _buildinfo(_with_buildinfo().filter(job_id=job_id).order_by("-number").first())


def good_buildinfo_before(row: BuildinfoRow) -> BuildinfoRow | None:
    """The good build before that one: of the same source package, suite and architecture."""
    job = Job.objects.select_related("source").get(pk=row.job_id)
    earlier = _with_buildinfo().filter(
        job__source__name=job.source.name,
        job__source__distribution=job.source.distribution_id,
        job__architecture=job.architecture,
        pk__lt=row.attempt_id,
    )
    return _buildinfo(earlier.exclude(job=job).order_by("-pk").first())


def _with_buildinfo() -> QuerySet[Attempt]:
    good = Attempt.objects.filter(outcome=Outcome.SUCCEEDED, buildinfo__isnull=False)
    rows = visible(good, "job__source__distribution__repository__name")
    return rows.select_related("buildinfo__repository", "job__source").prefetch_related(
        "binaries__file"
    )


def _buildinfo(attempt: Attempt | None) -> BuildinfoRow | None:
    if attempt is None or attempt.buildinfo is None:
        return None
    file = attempt.buildinfo
    return BuildinfoRow(
        attempt.job_id,
        attempt.pk,
        attempt.job.source.version,
        file.path,
        file.repository.name,
        {binary.package: binary.file.size_bytes for binary in attempt.binaries.all()},
    )
