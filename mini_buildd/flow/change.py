"""Changing suites on somebody's word: decided in one transaction, over any number of packages.

The dry run is the same transaction, rolled back, so what it shows is what would happen.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from mini_buildd.db.audit import note
from mini_buildd.db.models import Distribution, Source
from mini_buildd.db.visibility import visible
from mini_buildd.domain.installability import Broken
from mini_buildd.domain.problem import NothingToDo, SuiteMovedOn, SuiteUnknown
from mini_buildd.domain.suite_version import Cause, Difference
from mini_buildd.flow.compare import At, compare
from mini_buildd.flow.content import entries_at
from mini_buildd.flow.revise import Revision, newest
from mini_buildd.kit.parts import in_parts


@dataclass(frozen=True, slots=True)
class SuiteChange:
    """Version *number* of a suite: in what it differs from the one before, and what it breaks.

    *binaries* are the ids of what it has of those source packages that differ. Nothing *broken*
    says something only when it *is_checked*.
    """

    distribution: str
    number: int
    differences: tuple[Difference, ...]
    binaries: frozenset[int]
    broken: tuple[Broken, ...] = ()
    is_checked: bool = False


def decide_changes(
    body: Callable[[], Iterable[Revision]],
    *,
    dry_run: bool,
    expected: Mapping[str, int] | None = None,
    demand: Callable[[tuple[SuiteChange, ...]], None] = lambda _: None,
) -> tuple[SuiteChange, ...]:
    """What the revisions that *body* makes change; those that change nothing are not decided.

    *expected* are the suites by name and the numbers of the versions that a dry run has announced.
    Raises NothingToDo, SuiteMovedOn when they are others by now, or what *demand* raises of the
    changes, and then nothing changes.
    """
    with transaction.atomic():
        _demand_expected(expected or {})
        revisions = list(body())
        changes = tuple(filter(None, map(_change, revisions)))
        if not changes:
            raise NothingToDo(
                expected="something that changes what a suite has",
                found="that all of it is so already",
                hint="Look at the suite's page; nothing was changed.",
            )
        if expected:
            _demand_announced(changes, expected)
        demand(changes)
        _note_all(revisions, changes)
        transaction.set_rollback(dry_run)
    return changes


def _change(revision: Revision) -> SuiteChange | None:
    distribution, number = revision.publication.distribution, revision.publication.number
    differences = compare(At(distribution, number - 1), At(distribution, number))
    if not differences:
        revision.publication.delete()
        return None
    entries = entries_at(distribution, number).exclude(binary=None)
    binaries: set[int] = set()
    for part in in_parts(each.source for each in differences):
        ours = entries.filter(source__in=Source.objects.filter(name__in=part))
        binaries.update(ours.values_list("binary_id", flat=True))
    return SuiteChange(distribution.name, number, differences, frozenset(binaries))


_NOTED = {
    Cause.MIGRATE: "migrated packages to",
    Cause.REMOVE: "removed packages from",
    Cause.COPY: "copied packages to",
    Cause.ROLLBACK: "rolled back",
    Cause.IMPORT: "took ready-made packages into",
}
_MOST_NOTED = 100


def _note_all(revisions: Iterable[Revision], changes: Iterable[SuiteChange]) -> None:
    """An entry of the audit log for each suite that is changed."""
    by_suite = {change.distribution: change for change in changes}
    for revision in revisions:
        publication = revision.publication
        change = by_suite.get(publication.distribution.name)
        if change is None or change.number != publication.number:
            continue
        some = change.differences[:_MOST_NOTED]
        note(
            revision.actor,
            _NOTED.get(Cause(publication.kind), publication.kind),
            at=publication.decided_at,
            kind="suite",
            name=change.distribution,
            before={each.source: ", ".join(map(str, each.before)) for each in some if each.before},
            after={
                "version of the suite": change.number,
                "reason": publication.reason,
                **{each.source: ", ".join(map(str, each.after)) for each in some if each.after},
            },
        )


def _demand_expected(expected: Mapping[str, int]) -> None:
    rows = Distribution.objects.select_for_update().filter(name__in=list(expected))
    for distribution in rows.order_by("name"):
        last = newest(distribution)
        if last is not None and last.number + 1 != expected[distribution.name]:
            raise SuiteMovedOn(
                expected=f"version {expected[distribution.name]} of {distribution} to be the next",
                found=f"that version {last.number} is there: {last.kind} by {last.actor}, "
                f"{last.decided_at:%Y-%m-%d %H:%M:%S} UTC",
                hint="Look whether that is what you wanted; if not, look at the change again.",
            )


def _demand_announced(changes: Iterable[SuiteChange], expected: Mapping[str, int]) -> None:
    """What had it all already when the dry run was made may lack it now."""
    for change in changes:
        if change.differences and change.distribution not in expected:
            raise SuiteMovedOn(
                expected=f"that nothing would change in {change.distribution}",
                found=f"that {len(change.differences)} source packages would",
                hint="Look at the change again.",
            )


def find_distribution(name: str) -> Distribution:
    """The distribution called *name*; raises SuiteUnknown."""
    rows = visible(Distribution.objects.all(), "repository__name")
    wanted = rows.filter(name=name)
    found = wanted.select_related("repository", "base", "suite__migrates_to").first()
    if found is None:
        known = ", ".join(rows.values_list("name", flat=True)) or "none yet"
        raise SuiteUnknown(
            expected=f"one of: {known}",
            found=name,
            hint="Name it in full: <codename>-<repository>-<suite>.",
        )
    return found
