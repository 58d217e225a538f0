"""Remove source packages, with all that was built of them, from a suite."""

from collections.abc import Iterator, Mapping, Sequence

from mini_buildd.db.models import Distribution
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow.breakage import decide_unbroken
from mini_buildd.flow.change import SuiteChange
from mini_buildd.flow.choose import all_of
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.revise import Order, Revision, revise
from mini_buildd.flow.site import Site


@tells_full_disk
def remove(
    site: Site,
    actor: Actor,
    distribution: Distribution,
    packages: Sequence[str],
    *,
    reason: str = "",
    dry_run: bool = False,
    force: bool = False,
    expected: Mapping[str, int] | None = None,
) -> tuple[SuiteChange, ...]:
    """Decide that *packages*, named as flow.choose takes them, are no longer in the suite.

    What is removed stays in the suite's earlier versions. Raises NotAllowed, PackageNotThere,
    SuiteFrozen, with *expected* (see decide_changes) SuiteMovedOn, and unless *force*
    CheckImpossible and WouldBreak.
    """
    demand(actor, Act.REMOVE, repository=distribution.repository.name)

    def revisions() -> Iterator[Revision]:
        chosen = all_of(distribution, packages)
        revision = revise(site, distribution, Order(actor, Cause.REMOVE, reason))
        for source in chosen:
            revision.remove(source)
        yield revision

    return decide_unbroken(site, revisions, dry_run=dry_run, force=force, expected=expected)
