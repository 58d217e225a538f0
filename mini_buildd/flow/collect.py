"""Garbage collection: let the files of the pool go that nothing needs any more.

A source package needs its files and all that was built of it. The rows say first that files are
gone, so that nobody can bring them back into a suite; then the files go. All of one run bear one
moment; what a crash has left of the last one is the first thing that the next run removes.
"""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery

from mini_buildd.archive import pool
from mini_buildd.archive.tree import Tree
from mini_buildd.db.models import (
    Attempt,
    Binary,
    Event,
    Job,
    PoolFile,
    Publication,
    Repository,
    Source,
    SourceFile,
    SuiteEntry,
)
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.states import JOB_OPEN, SourceState
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.locks import pool_lock
from mini_buildd.flow.revise import lock_suites
from mini_buildd.flow.site import Site
from mini_buildd.kit.parts import in_parts

_log = logging.getLogger(__name__)

_FILES_AT_ONCE = 200

_UNSETTLED = (SourceState.ACCEPTED, SourceState.BUILDING, SourceState.READY)


@tells_full_disk
def collect(site: Site, repository: Repository) -> int:
    """Remove from the pool of *repository* what nothing needs; gives the number of files."""
    _unlink(site, repository)
    with pool_lock(site, repository.name, removes=True):
        # Asked first of all there is, and then of what was found: while a transaction lasts,
        # nobody else writes.
        found = set(_unneeded(site, _with_files(repository)))
        strays = set(_unnamed(repository).values_list("pk", flat=True))
        if not _to_let_go(site, repository, found, strays):
            return 0
        with transaction.atomic():
            lock_suites(repository)
            files = _to_let_go(site, repository, found, strays)
            moment = _next_moment(site, repository)
            for part in in_parts(files):
                PoolFile.objects.filter(pk__in=part).update(removed_at=moment)
    _unlink(site, repository)
    return len(files)


def _to_let_go(
    site: Site, repository: Repository, found: Collection[int], strays: Collection[int]
) -> set[int]:
    """The files of the source packages *found*, and of *strays*, that still nothing needs."""
    files = {pk for part in in_parts(found) for pk in _files_of(site, part)}
    for part in in_parts(strays):
        files |= set(_unnamed(repository).filter(pk__in=part).values_list("pk", flat=True))
    return files


# --- what is not needed -------------------------------------------------------------


def _with_files(repository: Repository) -> QuerySet[Source]:
    """The source packages of *repository* with something in the pool."""
    there = PoolFile.objects.filter(removed_at=None)
    mine = OuterRef("pk")
    return Source.objects.filter(
        Exists(there.filter(sources__source=mine))
        | Exists(there.filter(binary__source=mine))
        | Exists(there.filter(attempts__job__source=mine)),
        distribution__repository=repository,
    )


def _unneeded(site: Site, sources: QuerySet[Source]) -> Iterator[int]:
    """Those of *sources* that no kept version has, and nobody builds or may retry."""
    kept = Publication.objects.filter(
        removed_at=None,
        distribution=OuterRef("distribution"),
        number__gte=OuterRef("added_in"),
        number__lt=OuterRef("removed_in"),
    )
    entries = SuiteEntry.objects.filter(source=OuterRef("pk"))
    ended = Event.objects.filter(
        source=OuterRef("pk"), kind__in=(EventKind.SOURCE_HELD, EventKind.SOURCE_SUPERSEDED)
    )
    rows = (
        sources.exclude(state__in=_UNSETTLED)
        .filter(~Exists(entries.filter(Q(removed_in=None) | Exists(kept))))
        .filter(~Exists(Job.objects.filter(source=OuterRef("pk"), state__in=JOB_OPEN)))
        .annotate(ended_at=Subquery(ended.order_by("-id").values("at")[:1]))
    )
    now, days_kept = site.clock(), {SourceState.FAILED: site.settings.archive.keep_failed_days}
    for pk, state, ended_at, accepted_at, kept_days in rows.order_by().values_list(
        "pk", "state", "ended_at", "accepted_at", "distribution__suite__kept_days"
    ):
        days_kept[SourceState.SUPERSEDED] = kept_days
        days = days_kept.get(SourceState(state), 0)
        if (ended_at or accepted_at) <= now - timedelta(days=days):
            yield pk


def _files_of(site: Site, sources: Collection[int]) -> Iterator[int]:
    """The files that only source packages have that nobody needs: some of *sources*, or others."""
    gone = set(_unneeded(site, Source.objects.filter(pk__in=sources)))
    files = {
        *SourceFile.objects.filter(source__in=gone).values_list("file", flat=True),
        *Binary.objects.filter(source__in=gone).values_list("file", flat=True),
        *PoolFile.objects.filter(attempts__job__source__in=gone).values_list("pk", flat=True),
    }
    for part in in_parts(files):
        there = PoolFile.objects.filter(pk__in=part, removed_at=None)
        shared = SourceFile.objects.filter(file__in=part).exclude(source__in=gone)
        others = set(shared.values_list("source", flat=True))
        also_gone = set(_unneeded(site, Source.objects.filter(pk__in=others)))
        still = shared.exclude(source__in=also_gone).values_list("file", flat=True)
        yield from set(there.values_list("pk", flat=True)) - set(still)


def _unnamed(repository: Repository) -> QuerySet[PoolFile]:
    """The files that no source package, binary package or build has, as when those were deleted."""
    return PoolFile.objects.filter(
        ~Exists(SourceFile.objects.filter(file=OuterRef("pk"))),
        ~Exists(Binary.objects.filter(file=OuterRef("pk"))),
        ~Exists(Attempt.objects.filter(buildinfo=OuterRef("pk"))),
        repository=repository,
        removed_at=None,
    )


# --- their files --------------------------------------------------------------------


def _last_moment(repository: Repository) -> datetime | None:
    removed = PoolFile.objects.filter(repository=repository, removed_at__isnull=False)
    last: datetime | None = removed.aggregate(last=Max("removed_at"))["last"]
    return last


def _next_moment(site: Site, repository: Repository) -> datetime:
    """Now, or just after the last one, should the clock have been put back."""
    now, last = site.clock(), _last_moment(repository)
    return now if last is None else max(now, last + timedelta(microseconds=1))


def _unlink(site: Site, repository: Repository) -> None:
    """Remove what the last run has let go, some at a time: others wait for the lock."""
    tree, last = site.tree(repository.name), _last_moment(repository)
    if last is None:
        return
    rows = PoolFile.objects.filter(repository=repository)
    removed = list(rows.filter(removed_at=last).values_list("path", flat=True))
    for start in range(0, len(removed), _FILES_AT_ONCE):
        paths = removed[start : start + _FILES_AT_ONCE]
        with pool_lock(site, repository.name, removes=True):
            there = rows.filter(path__in=paths, removed_at=None)
            came_back = set(there.values_list("path", flat=True))
            for path in paths:
                if path not in came_back:
                    _let_go(tree, path)


def _let_go(tree: Tree, path: str) -> None:
    try:
        pool.let_go(tree, path)
    except OSError:
        _log.exception("%s cannot be removed; archive check tells of it", path)
