"""The good builds that came before an attempt: what it can be compared with."""

from dataclasses import dataclass

from django.db.models import Case, Value, When

from mini_buildd.db.models import Attempt
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
