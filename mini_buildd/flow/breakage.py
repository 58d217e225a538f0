"""What a change of suites would make uninstallable, asked before it is decided.

The solver takes seconds, which no transaction should, so it looks at what a dry run shows; were one
of the suites changed meanwhile, it is all done again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain

from django.db.models import QuerySet

from mini_buildd.db.models import Binary, Distribution, SuiteEntry
from mini_buildd.deb.names import Architecture
from mini_buildd.domain.installability import Broken
from mini_buildd.domain.layout import suites_seen
from mini_buildd.domain.problem import CheckImpossible, WouldBreak
from mini_buildd.domain.suite_version import Kind
from mini_buildd.flow.change import SuiteChange, decide_changes, find_distribution
from mini_buildd.flow.installable import newly_broken
from mini_buildd.flow.revise import Revision
from mini_buildd.flow.site import Site

_TRIES = 5
_SHOWN = 5


class _Outdated(Exception):
    """Somebody was faster; what was checked is not what would be decided."""


def decide_unbroken(
    site: Site,
    body: Callable[[], Iterable[Revision]],
    *,
    dry_run: bool,
    force: bool,
    expected: Mapping[str, int] | None = None,
) -> tuple[SuiteChange, ...]:
    """As decide_changes, but raises WouldBreak unless *force*; a dry run tells what would break."""
    for _ in range(_TRIES):
        planned = decide_changes(body, dry_run=True, expected=expected)
        if not force:
            planned = tuple(_with_breakage(site, change) for change in planned)
        if dry_run:
            return planned
        _demand_whole(planned)
        try:
            same = partial(_demand_same, planned)
            return decide_changes(body, dry_run=False, expected=expected, demand=same)
        except _Outdated:
            continue
    raise CheckImpossible(
        expected="suites that hold still while it is checked what the change would break",
        found=f"that they were changed {_TRIES} times meanwhile",
        hint="Try it again a little later.",
    )


def _demand_same(planned: Iterable[SuiteChange], changes: Iterable[SuiteChange]) -> None:
    if [replace(each, broken=(), is_checked=False) for each in planned] != list(changes):
        raise _Outdated


def _demand_whole(changes: Iterable[SuiteChange]) -> None:
    broken = [f"{change.distribution}: {each}" for change in changes for each in change.broken]
    if broken:
        more = len(broken) - _SHOWN
        raise WouldBreak(
            expected="that everything stays installable",
            found="; ".join(broken[:_SHOWN]) + (f"; and {more} more" if more > 0 else ""),
            hint="Let what they need come along, or insist on it: --force.",
        )


def _with_breakage(site: Site, change: SuiteChange) -> SuiteChange:
    distribution = find_distribution(change.distribution)
    if not distribution.suite.checks_installability:
        return change
    broken: set[Broken] = set()
    ours = _binaries_of([distribution])
    kept = ours.exclude(source__name__in=[each.source for each in change.differences])
    new = Binary.objects.filter(pk__in=change.binaries)
    for rest in _views(distribution, change):
        for row in distribution.architectures.all():
            architecture = Architecture(row.architecture)
            paragraphs = partial(_paragraphs, architecture)
            broken |= {
                *newly_broken(
                    site,
                    distribution.base,
                    architecture,
                    chain(paragraphs(ours), paragraphs(rest)),
                    chain(paragraphs(kept), paragraphs(new), paragraphs(rest)),
                )
            }
    return replace(change, broken=tuple(sorted(broken)), is_checked=True)


def _views(distribution: Distribution, change: SuiteChange) -> Iterator[QuerySet[Binary]]:
    """What people have beside *distribution*: with it alone, and with each suite that leads to it.

    What is only added takes nothing away from the latter.
    """
    leads_to = {
        each.name: each.migrates_to.name if each.migrates_to else None
        for each in distribution.suite.layout.suites.select_related("migrates_to")
    }
    siblings = Distribution.objects.filter(
        repository=distribution.repository, base=distribution.base
    ).select_related("suite")
    ours = distribution.suite.name
    for sibling in siblings.order_by("name"):
        seen = suites_seen(sibling.suite.name, leads_to)
        is_own = sibling == distribution
        if is_own or (ours in seen and any(each.kind != Kind.ADDED for each in change.differences)):
            beside = siblings.filter(suite__name__in=[name for name in seen if name != ours])
            if is_own or _binaries_of([sibling]).exists():
                yield _binaries_of(beside)


def _binaries_of(distributions: Iterable[Distribution]) -> QuerySet[Binary]:
    entries = SuiteEntry.objects.filter(distribution__in=list(distributions), removed_in=None)
    return Binary.objects.filter(pk__in=entries.exclude(binary=None).values("binary"))


def _paragraphs(architecture: Architecture, binaries: QuerySet[Binary]) -> Iterator[str]:
    rows = binaries.filter(architecture__in=(architecture, "all"), is_udeb=False)
    return rows.order_by().values_list("paragraph", flat=True).iterator()
