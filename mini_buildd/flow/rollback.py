"""Go back: let the next version of a suite be what one of its earlier versions was."""

from collections.abc import Iterator, Mapping

from mini_buildd.db.models import Distribution, Publication
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import VersionNotKept
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow.change import SuiteChange, decide_changes
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.revise import Order, Revision, revise
from mini_buildd.flow.site import Site


@tells_full_disk
def rollback(
    site: Site,
    actor: Actor,
    distribution: Distribution,
    number: int,
    *,
    reason: str = "",
    dry_run: bool = False,
    expected: Mapping[str, int] | None = None,
) -> tuple[SuiteChange, ...]:
    """Decide a version with just the packages of version *number*, which must still be kept.

    Raises NotAllowed, VersionNotKept, SuiteFrozen, NothingToDo, and with *expected* (see
    decide_changes) SuiteMovedOn.
    """
    demand(actor, Act.ROLL_BACK, repository=distribution.repository.name)

    def revisions() -> Iterator[Revision]:
        revision = revise(site, distribution, Order(actor, Cause.ROLLBACK, reason))
        _demand_kept(distribution, number)  # which locks the suite: nobody can remove it from here
        revision.publication.restores = number
        revision.publication.save(update_fields=["restores"])
        revision.restore(number)
        yield revision

    return decide_changes(revisions, dry_run=dry_run, expected=expected)


def _demand_kept(distribution: Distribution, number: int) -> None:
    """The packages of a version that is kept are in the pool, as long as it is."""
    kept = Publication.objects.filter(
        distribution=distribution, removed_at=None, published_at__isnull=False
    ).order_by("number")
    if not kept.filter(number=number).exists():
        numbers = ", ".join(map(str, kept.values_list("number", flat=True))) or "none"
        raise VersionNotKept(
            expected=f"a version of {distribution} that is kept: {numbers}",
            found=str(number),
            hint="Look at the suite's page for what each of them had.",
        )
