"""Migrate source packages to the suite that theirs leads to, one step or the whole way.

Before it is decided, the solver is asked whether that would make something uninstallable. That
takes seconds, so it is done on what a dry run shows, outside of the transaction; were one of the
suites changed meanwhile, it is asked again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mini_buildd.db.models import Binary, Distribution, Source, Suite
from mini_buildd.deb.version import Version, compare
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import NoWayThere
from mini_buildd.domain.states import SourceState
from mini_buildd.domain.suite_version import Cause, latest_first
from mini_buildd.flow.breakage import decide_unbroken
from mini_buildd.flow.change import SuiteChange
from mini_buildd.flow.choose import latest_of
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.revise import Order, Revision, present_sources, revise
from mini_buildd.flow.site import Site


@dataclass(frozen=True, slots=True)
class Migration:
    """What is to migrate from *origin*: names as flow.choose takes them."""

    origin: Distribution
    packages: Sequence[str]
    whole_way: bool = False
    reason: str = ""


@tells_full_disk
def migrate(
    site: Site,
    actor: Actor,
    wish: Migration,
    *,
    dry_run: bool = False,
    force: bool = False,
    expected: Mapping[str, int] | None = None,
) -> tuple[SuiteChange, ...]:
    """Decide the migration; gives what it changes, and in a dry run also what it would break.

    Raises NotAllowed, NoWayThere, PackageNotThere, SuiteFrozen, NothingToDo, with *expected* (see
    decide_changes) SuiteMovedOn, and unless *force* CheckImpossible and WouldBreak.
    """
    demand(actor, Act.MIGRATE, repository=wish.origin.repository.name)
    order = Order(actor, Cause.MIGRATE, wish.reason)
    return decide_unbroken(
        site,
        lambda: _revisions(site, order, wish),
        dry_run=dry_run,
        force=force,
        expected=expected,
    )


def _revisions(site: Site, order: Order, wish: Migration) -> Iterator[Revision]:
    chosen = latest_of(wish.origin, wish.packages)
    for source in chosen:
        if source.state != SourceState.PUBLISHED:
            raise NoWayThere(
                expected="published source packages",
                found=f"{source}, which is {source.state}",
                hint="Wait until it is published.",
            )
    for target in _targets(wish):
        revision = revise(site, target, order)
        for source in chosen:
            check_order(source, target)
            binaries = Binary.objects.filter(
                source=source, entries__distribution=wish.origin, entries__removed_in=None
            )
            revision.add(source, binaries)
        yield revision


def _targets(wish: Migration) -> Iterator[Distribution]:
    at, seen = wish.origin, {wish.origin.suite.pk}
    while at.suite.migrates_to is not None and at.suite.migrates_to.pk not in seen:
        seen.add(at.suite.migrates_to.pk)
        at = _beside(at, at.suite.migrates_to)
        yield at
        if not wish.whole_way:
            return
    if at == wish.origin:
        raise NoWayThere(
            expected="a suite that leads to another one",
            found=f"{wish.origin}, from which nothing migrates",
            hint="Copy the packages instead: mini-buildd archive copy.",
        )


def _beside(distribution: Distribution, suite: Suite) -> Distribution:
    """That suite of the same repository and base; only setup makes all of a layout's."""
    rows = Distribution.objects.select_related("repository", "base", "suite__migrates_to")
    found = rows.filter(
        repository=distribution.repository, base=distribution.base, suite=suite
    ).first()
    if found is None:
        raise NoWayThere(
            expected=f"{suite.name}, to which {distribution} leads, to be configured",
            found=f"no such suite of {distribution.repository} for {distribution.base.codename}",
            hint="Let mini-buildd setup make it, or copy the packages elsewhere.",
        )
    return found


def check_order(source: Source, target: Distribution) -> None:
    """Raise NoWayThere if *target* has a later one: apt would never choose this."""
    there = present_sources(target, source.name).values_list("version", flat=True)
    versions = latest_first([Version(text) for text in there])
    if versions and compare(versions[0], Version(source.version)) > 0:
        raise NoWayThere(
            expected=f"a version later than {versions[0]}, which {target} has",
            found=str(source),
            hint="Remove the later one there first, if you want to go back.",
        )
