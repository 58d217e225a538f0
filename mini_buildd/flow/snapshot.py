"""Snapshots of a repository: taking and dropping them, by people and by the calendar.

The row is the snapshot. Its folder of links follows, and is made or removed by the next sweep if a
crash came in between.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import transaction
from django.db.models import Max

from mini_buildd.archive import snapshot as folders
from mini_buildd.db.audit import Values, note
from mini_buildd.db.events import record
from mini_buildd.db.models import Publication, Repository, Snapshot
from mini_buildd.db.visibility import visible
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import SELF, Act, Actor, demand
from mini_buildd.domain.problem import NothingToDo, RepositoryUnknown, SnapshotUnknown
from mini_buildd.domain.snapshot import SnapshotKind, SnapshotName, Taken, due, expired
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.locks import snapshots_lock
from mini_buildd.flow.revise import lock_suites
from mini_buildd.flow.site import Site


@tells_full_disk
def take(
    site: Site,
    actor: Actor,
    repository: Repository,
    name: SnapshotName,
    *,
    reason: str = "",
    kind: SnapshotKind = SnapshotKind.NAMED,
) -> list[EventKind]:
    """Keep what every suite of *repository* has now under *name*.

    Raises NotAllowed, SnapshotUnknown when the name is taken, NothingToDo when nothing is published
    yet.
    """
    demand(actor, Act.TAKE_SNAPSHOT, repository=repository.name)
    with (
        snapshots_lock(site, repository.name),
        _shown_after(site, repository),
        transaction.atomic(),
    ):
        lock_suites(repository)
        versions = _published_now(repository)
        if not versions:
            raise NothingToDo(
                expected="a repository with something published",
                found=f"{repository}, which has nothing",
                hint="Wait until its suites are published.",
            )
        if Snapshot.objects.filter(repository=repository, name=name).exists():
            raise SnapshotUnknown(
                expected="a new name",
                found=f"{name}, which there is",
                hint="Choose another name, or drop that snapshot first.",
            )
        row = Snapshot.objects.create(
            repository=repository,
            name=name,
            kind=kind,
            taken_at=site.clock(),
            taken_by=actor.name,
            reason=reason[:500],
        )
        row.versions.set(versions)
        suites = {each.distribution.name: each.number for each in versions}
        _note(site, actor, "took the snapshot", row, after={"reason": row.reason, **suites})
        return [_record(site, EventKind.SNAPSHOT_TAKEN, repository, name, actor)]


@tells_full_disk
def drop(site: Site, actor: Actor, repository: Repository, name: str) -> list[EventKind]:
    """Let the snapshot *name* go, and with it what only it has kept; raises SnapshotUnknown."""
    demand(actor, Act.TAKE_SNAPSHOT, repository=repository.name)
    with (
        snapshots_lock(site, repository.name),
        _shown_after(site, repository),
        transaction.atomic(),
    ):
        rows = Snapshot.objects.filter(repository=repository)
        row = rows.filter(name=name).first()
        if row is None:
            there = ", ".join(rows.values_list("name", flat=True)) or "none"
            raise SnapshotUnknown(
                expected=f"a snapshot of {repository}: {there}",
                found=name,
                hint="Look at the repository's page.",
            )
        _note(site, actor, "dropped the snapshot", row, before={"reason": row.reason})
        row.delete()
        return [_record(site, EventKind.SNAPSHOT_DROPPED, repository, name, actor)]


@contextmanager
def _shown_after(site: Site, repository: Repository) -> Iterator[None]:
    """Let the folders follow what is done, before anybody compares them with the rows."""
    yield
    _show_all(site, repository)


def find_repository(name: str) -> Repository:
    """The repository called *name*; raises RepositoryUnknown."""
    rows = visible(Repository.objects.all(), "name")
    found = rows.filter(name=name).first()
    if found is None:
        known = ", ".join(rows.values_list("name", flat=True)) or "none yet"
        raise RepositoryUnknown(
            expected=f"one of: {known}",
            found=name,
            hint="It is the middle part of <codename>-<repository>-<suite>.",
        )
    return found


def _note(site: Site, actor: Actor, act: str, row: Snapshot, **values: Values) -> None:
    name = f"{row.repository} {row.name}"
    note(actor, act, at=site.clock(), kind="snapshot", name=name, **values)


def _record(
    site: Site, kind: EventKind, repository: Repository, name: str, actor: Actor
) -> EventKind:
    detail = f"{repository} {name} by {actor.name}"
    return record(kind, site.clock(), repository=repository, detail=detail)


def _published_now(repository: Repository) -> list[Publication]:
    """The published version of every suite; it is kept, since the published one always is."""
    numbers = (
        Publication.objects.filter(
            distribution__repository=repository, published_at__isnull=False, removed_at=None
        )
        .values("distribution")
        .annotate(newest=Max("id"))
    )
    newest = [each["newest"] for each in numbers.order_by()]
    return list(Publication.objects.filter(pk__in=newest))


@tells_full_disk
def show_all(site: Site, repository: Repository) -> None:
    """Let there be a folder for every snapshot of *repository*, and for nothing else."""
    with snapshots_lock(site, repository.name):
        _show_all(site, repository)


def _show_all(site: Site, repository: Repository) -> None:
    tree = site.tree(repository.name)
    rows = Snapshot.objects.filter(repository=repository)
    wanted = {row.name: row for row in rows.prefetch_related("versions__distribution")}
    folders.tidy(tree)
    for surplus in folders.shown(tree) - {SnapshotName(name) for name in wanted}:
        folders.hide(tree, surplus)
    for name, row in wanted.items():
        versions = {
            DistributionName.parse(each.distribution.name): each.number
            for each in row.versions.all()
        }
        folders.show(tree, SnapshotName(name), versions)


def keep_schedule(site: Site, repository: Repository) -> list[EventKind]:
    """Take the weekly, monthly and yearly snapshots that are due, and drop those that are over.

    An empty repository has none.
    """
    kept = _kept(repository)
    taken = [
        Taken(SnapshotName(row.name), SnapshotKind(row.kind), row.taken_at)
        for row in Snapshot.objects.filter(repository=repository)
    ]
    events: list[EventKind] = []
    for each in expired(kept, taken):
        events += drop(site, SELF, repository, each.name)
    if _has_packages(repository):
        for kind, name in due(kept, taken, site.clock()):
            events += take(site, SELF, repository, name, kind=kind)
    show_all(site, repository)
    return events


def _has_packages(repository: Repository) -> bool:
    """Whether it has or had any in what is published."""
    published = Publication.objects.filter(
        distribution__repository=repository, published_at__isnull=False
    )
    return published.exclude(kind=Cause.BEGIN).exists()


def _kept(repository: Repository) -> Mapping[SnapshotKind, int]:
    return {
        SnapshotKind.WEEKLY: repository.weekly_snapshots,
        SnapshotKind.MONTHLY: repository.monthly_snapshots,
        SnapshotKind.YEARLY: repository.yearly_snapshots,
    }
