"""Whether what a build did not find was published while it looked: nobody wakes it again."""

from mini_buildd.db.models import Attempt, Publication
from mini_buildd.db.queries.offers import names_brought
from mini_buildd.domain.order import names_of
from mini_buildd.domain.pending import read_waits
from mini_buildd.flow.seen import seen_by


def came_meanwhile(attempt: Attempt, waits_for: str) -> bool:
    """Whether a suite that *attempt* sees has brought, since it began, what it now *waits_for*.

    When nobody can tell what that is, any version of such a suite counts.
    """
    since = Publication.objects.filter(
        distribution__name__in=seen_by(attempt.job.source.distribution),
        published_at__gte=attempt.assigned_at,
    )
    waits = read_waits(waits_for)
    if waits is None:
        return since.exists()
    wanted = names_of(waits)
    return any(
        wanted & names_brought(name, number)
        for name, number in since.values_list("distribution__name", "number")
    )
