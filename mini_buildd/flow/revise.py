"""Deciding a new version of a suite: the one place where entries begin and end.

It happens in one transaction of the verb that calls it, which holds the suite's row locked: of two
who change a suite at once, one is second, and sees what the first has decided.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from mini_buildd.archive.plan import DEBUG, INSTALLER, Area
from mini_buildd.db.models import (
    Binary,
    Distribution,
    Publication,
    Repository,
    Source,
    SourceFile,
    SuiteEntry,
)
from mini_buildd.deb.names import Component
from mini_buildd.deb.version import Version
from mini_buildd.domain.binnmu import current
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import PackageNotThere, SuiteFrozen, VersionNotKept
from mini_buildd.domain.suite_version import Cause, latest_first
from mini_buildd.flow.rebuilt import built_of, present_binaries, replaced
from mini_buildd.flow.site import Site
from mini_buildd.kit.parts import in_parts


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants a new version of a suite, and why."""

    actor: Actor
    cause: Cause
    reason: str = ""


def revise(
    site: Site,
    distribution: Distribution,
    order: Order,
    *,
    source: Source | None = None,
    may_frozen: bool = False,
) -> "Revision":
    """Begin the next version of *distribution*; raises SuiteFrozen.

    *source* is what made it, if it was one. To be called in a transaction, at its beginning.
    """
    locked = Distribution.objects.select_for_update().get(pk=distribution.pk)
    if locked.frozen_at is not None and not may_frozen:
        raise SuiteFrozen(
            expected=f"{locked.name} to be open for changes",
            found=f"it is frozen since {locked.frozen_at:%Y-%m-%d %H:%M} UTC by "
            f"{locked.frozen_by}: {locked.frozen_reason or 'no reason given'}",
            hint=f"Wait, or thaw it: mini-buildd archive thaw {locked.name}",
        )
    last = newest(distribution)
    publication = Publication.objects.create(
        distribution=distribution,
        number=last.number + 1 if last else 1,
        kind=order.cause,
        actor=order.actor.name,
        reason=order.reason[:500],
        cause=source,
        areas=" ".join(_first_areas(distribution, last)),
        decided_at=site.clock(),
    )
    return Revision(publication, order.actor)


def newest(distribution: Distribution) -> Publication | None:
    """The version that was decided last."""
    return Publication.objects.filter(distribution=distribution).order_by("-number").first()


def _first_areas(distribution: Distribution, last: Publication | None) -> Iterable[str]:
    """An area once there stays, also empty: apt's sources may name it."""
    base = distribution.base.apt_sources.first()
    names = [
        *(last.areas.split() if last else ()),
        "main",
        *(base.components.split() if base else ()),
    ]
    return dict.fromkeys(names)


class Revision:
    """A version of a suite that is being decided, as *actor* wants it."""

    def __init__(self, publication: Publication, actor: Actor) -> None:
        self.publication = publication
        self.actor = actor
        self._distribution = publication.distribution

    def present(self, name: str = "") -> QuerySet[Source]:
        """The source packages of the suite as it is now, all or those called *name*."""
        return present_sources(self._distribution, name)

    def add(self, source: Source, binaries: Iterable[Binary] | None = None) -> None:
        """Let the suite have *source* with all, or these, of its binary packages.

        Older versions of it go when there are more than the suite keeps. Raises VersionNotKept when
        their files are no longer there.
        """
        if not self._active().filter(source=source, binary=None).exists():
            self.enter([SuiteEntry(source=source)])
        wanted = source.binaries.all() if binaries is None else binaries
        self.add_binaries(source, wanted)
        kept = self._distribution.suite.kept_versions
        rows = {row.version: row for row in self.present(source.name)}
        for version in latest_first([Version(text) for text in rows])[kept:]:
            self.remove(rows[version])

    def add_binaries(self, source: Source, binaries: Iterable[Binary]) -> None:
        """Let the suite have these *binaries* of *source*, which it has.

        A rebuild takes the place of what was built before on its architecture, and nothing goes
        back behind one.
        """
        given = {binary.pk: binary for binary in binaries}
        old, offered = (
            {built.id: built for _, built in built_of(rows)}
            for rows in (
                present_binaries(self._distribution, [source.pk]),
                Binary.objects.filter(pk__in=given),
            )
        )
        wanted = current({**offered, **old}.values())
        new = [binary for pk, binary in given.items() if pk in wanted - old.keys()]
        self.enter([SuiteEntry(source=source, binary=binary) for binary in new])
        self._drop(old.keys() - wanted)
        kinds = {(each.component, each.is_udeb, each.is_debug) for each in new}
        self.widen([source.component], kinds)

    def drop_replaced(self, sources: Iterable[int]) -> None:
        """Let the suite be without what rebuilds of these *sources* have replaced in it."""
        self._drop(replaced(self._distribution, sources))

    def _drop(self, binaries: Iterable[int]) -> None:
        number = self.publication.number
        for part in in_parts(binaries):
            gone = self._active().filter(binary__in=part)
            gone.filter(added_in=number).delete()  # it was in no version at all
            gone.update(removed_in=number)

    def remove(self, source: Source) -> None:
        """Let the suite be without *source*; raises PackageNotThere."""
        number = self.publication.number
        if not self._active().filter(source=source).update(removed_in=number):
            raise PackageNotThere(
                expected=f"a source package of {self._distribution}",
                found=str(source),
                hint="Look at what the suite has on its page.",
            )

    def restore(self, number: int) -> None:
        """Let the suite be what its version *number* was."""
        entries = SuiteEntry.objects.filter(distribution=self._distribution)
        later = list(entries.filter(added_in__gt=number, removed_in=None))
        gone = list(entries.filter(added_in__lte=number, removed_in__gt=number))
        wanted = {_what(entry): entry for entry in gone}
        there = {_what(entry): entry for entry in later}
        surplus = [entry.pk for what, entry in there.items() if what not in wanted]
        for part in in_parts(surplus):
            entries.filter(pk__in=part).update(removed_in=self.publication.number)
        missing = [entry for what, entry in wanted.items() if what not in there]
        self.enter(
            [SuiteEntry(source_id=entry.source_id, binary_id=entry.binary_id) for entry in missing]
        )

    def _active(self) -> QuerySet[SuiteEntry]:
        return SuiteEntry.objects.filter(distribution=self._distribution, removed_in=None)

    def enter(self, entries: Iterable[SuiteEntry]) -> None:
        """Let *entries*, of a source and perhaps a binary each, begin with this version.

        Raises VersionNotKept when files of theirs are no longer there.
        """
        made = list(entries)
        _demand_files(made)
        for entry in made:
            entry.distribution = self._distribution
            entry.added_in = self.publication.number
        SuiteEntry.objects.bulk_create(made, batch_size=150)

    def widen(self, components: Iterable[str], binaries: Iterable[tuple[str, bool, bool]]) -> None:
        """Let the version have the areas of sources in *components*, and of such *binaries*.

        Those are told by component, whether they are for the installer, and whether debug symbols.
        """
        separates_debug = self._distribution.suite.separates_debug
        areas = [
            str(area(component, is_udeb=is_udeb, is_debug=is_debug and separates_debug))
            for component, is_udeb, is_debug in sorted(binaries)
        ]
        known = self.publication.areas.split()
        wanted = dict.fromkeys([*known, *components, *areas])
        if len(wanted) > len(known):
            self.publication.areas = " ".join(wanted)
            self.publication.save(update_fields=["areas"])


def _demand_files(entries: Iterable[SuiteEntry]) -> None:
    """The files of all these are in the pool."""
    sources, binaries = set(), set()
    for entry in entries:
        if entry.binary_id is None:
            sources.add(entry.source_id)
        else:
            binaries.add(entry.binary_id)
    rows: list[QuerySet[SourceFile] | QuerySet[Binary]] = [
        *(SourceFile.objects.filter(source__in=part) for part in in_parts(sources)),
        *(Binary.objects.filter(pk__in=part) for part in in_parts(binaries)),
    ]
    for row in rows:
        gone = row.filter(file__removed_at__isnull=False).values_list("file__path", flat=True)[:1]
        if not gone:
            continue
        raise VersionNotKept(
            expected="packages whose files are in the pool",
            found=f"{gone[0]}, which was removed as nothing kept had it any more",
            hint="Upload it again as a new version.",
        )


def lock_suites(repository: Repository) -> None:
    """Let no suite of *repository* be changed until the end of the transaction."""
    suites = Distribution.objects.select_for_update().filter(repository=repository)
    list(suites.order_by("pk"))


def _what(entry: SuiteEntry) -> tuple[int, int | None]:
    return entry.source_id, entry.binary_id


def present_sources(distribution: Distribution, name: str = "") -> QuerySet[Source]:
    """The source packages that *distribution* has, all or those called *name*."""
    entries = SuiteEntry.objects.filter(distribution=distribution, removed_in=None, binary=None)
    if name:  # these first, of which there are few; a suite has any number of entries
        entries = entries.filter(source__in=Source.objects.filter(name=name))
    return Source.objects.filter(pk__in=list(entries.values_list("source_id", flat=True)))


def area(component: str, *, is_udeb: bool, is_debug: bool) -> Area:
    """Where a suite has a binary package; *is_debug* for symbols that are to stand apart."""
    part = INSTALLER if is_udeb else DEBUG if is_debug else ""
    return Area(Component(component), part)
