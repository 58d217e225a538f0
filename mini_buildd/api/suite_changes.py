"""The calls that change suites. Each can be asked before what it would change."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router

from mini_buildd.api.bodies import NO_REASON, Reason
from mini_buildd.api.change_bodies import (
    CopyWish,
    MigrationWish,
    Planned,
    RebuildWish,
    Removal,
    RollbackWish,
)
from mini_buildd.api.door import actor_of
from mini_buildd.api.given import Word
from mini_buildd.api.repositories import found_suite, shown_suite
from mini_buildd.db.models import Job
from mini_buildd.domain.suite_version import Difference as Differing
from mini_buildd.flow.binnmu import Rebuild, binnmu
from mini_buildd.flow.change import SuiteChange as Changed
from mini_buildd.flow.change import find_distribution
from mini_buildd.flow.copy import Copying, copy
from mini_buildd.flow.freeze import freeze, thaw
from mini_buildd.flow.hosted import site, wake
from mini_buildd.flow.migrate import Migration, migrate
from mini_buildd.flow.remove import remove
from mini_buildd.flow.rollback import rollback
from mini_buildd.wire.api.changes import (
    BrokenPackage,
    Difference,
    PlannedRebuild,
    PlannedRebuilds,
    SuiteChange,
    SuiteChanges,
)
from mini_buildd.wire.api.suites import Suite

router = Router(tags=["changes"])

_ANSWERS = {HTTPStatus.OK: SuiteChanges, HTTPStatus.ACCEPTED: SuiteChanges}
_REBUILDS = {HTTPStatus.OK: PlannedRebuilds, HTTPStatus.ACCEPTED: PlannedRebuilds}


@router.post("{distribution}/migrate", response=_ANSWERS, summary="Migrate packages")
def migrate_packages(
    request: HttpRequest, response: HttpResponse, distribution: Word, body: Body[MigrationWish]
) -> SuiteChanges:
    """Let packages migrate to the suite that theirs leads to, or all the way.

    What is given back has `is_dry_run`, and the versions that there will be; 202 and `Location`
    lead to the last of them, which apt finds once it is `shown`.
    """
    origin = find_distribution(distribution)
    wish = Migration(origin, body.packages, body.whole_way, body.reason)
    found = migrate(
        site(),
        actor_of(request),
        wish,
        dry_run=body.dry_run,
        force=body.force,
        expected=body.announced(),
    )
    return _answer(response, body, found)


@router.post("{distribution}/remove", response=_ANSWERS, summary="Remove packages")
def remove_packages(
    request: HttpRequest, response: HttpResponse, distribution: Word, body: Body[Removal]
) -> SuiteChanges:
    """Let packages be gone from a suite; its earlier versions keep them."""
    found = remove(
        site(),
        actor_of(request),
        find_distribution(distribution),
        body.packages,
        reason=body.reason,
        dry_run=body.dry_run,
        force=body.force,
        expected=body.announced(),
    )
    return _answer(response, body, found)


@router.post("{distribution}/copy", response=_ANSWERS, summary="Copy packages")
def copy_packages(
    request: HttpRequest, response: HttpResponse, distribution: Word, body: Body[CopyWish]
) -> SuiteChanges:
    """Copy packages to another suite or repository of the same base release."""
    wish = Copying(
        find_distribution(distribution), body.packages, find_distribution(body.to), body.reason
    )
    found = copy(
        site(),
        actor_of(request),
        wish,
        dry_run=body.dry_run,
        force=body.force,
        expected=body.announced(),
    )
    return _answer(response, body, found)


@router.post("{distribution}/rollback", response=_ANSWERS, summary="Roll a suite back")
def roll_back(
    request: HttpRequest, response: HttpResponse, distribution: Word, body: Body[RollbackWish]
) -> SuiteChanges:
    """Let the next version of a suite be what one of its earlier versions was."""
    found = rollback(
        site(),
        actor_of(request),
        find_distribution(distribution),
        body.number,
        reason=body.reason,
        dry_run=body.dry_run,
        expected=body.announced(),
    )
    return _answer(response, body, found)


@router.post("{distribution}/rebuild", response=_REBUILDS, summary="Build packages again")
def rebuild_packages(
    request: HttpRequest, response: HttpResponse, distribution: Word, body: Body[RebuildWish]
) -> PlannedRebuilds:
    """Build the binary packages of published sources again, with versions that end in +bN."""
    suite = find_distribution(distribution)
    wish = Rebuild(suite, body.packages, body.reason, body.architectures)
    jobs = binnmu(site(), actor_of(request), wish, dry_run=body.dry_run)
    told = PlannedRebuilds(
        body.dry_run, tuple(_rebuild(job, is_dry_run=body.dry_run) for job in jobs)
    )
    if not body.dry_run:
        wake()
        response["Location"] = told.items[0].url
    return told


@router.post("{distribution}/freeze", response=Suite, summary="Freeze a suite")
def freeze_suite(request: HttpRequest, distribution: Word, body: Body[Reason] = NO_REASON) -> Suite:
    """Let nothing come in or go out; what is built for it waits."""
    freeze(site(), actor_of(request), find_distribution(distribution), body.reason)
    return shown_suite(found_suite(distribution))


@router.post("{distribution}/thaw", response=Suite, summary="Thaw a suite")
def thaw_suite(request: HttpRequest, distribution: Word) -> Suite:
    """Let packages come and go again; what was built meanwhile comes in at once."""
    thaw(site(), actor_of(request), find_distribution(distribution))
    wake()
    return shown_suite(found_suite(distribution))


# --- how changes are shown --------------------------------------------------------


def _answer(response: HttpResponse, body: Planned, found: Sequence[Changed]) -> SuiteChanges:
    told = SuiteChanges(body.dry_run, tuple(map(_change, found)))
    if not body.dry_run:
        wake()
        response["Location"] = told.items[-1].url
    return told


def _change(found: Changed) -> SuiteChange:
    return SuiteChange(
        distribution=found.distribution,
        number=found.number,
        url=f"/api/v1/suites/{found.distribution}/versions/{found.number}",
        differences=tuple(shown_differences(found.differences)),
        broken=tuple(
            BrokenPackage(each.package, each.version, each.architecture, each.reason)
            for each in found.broken
        ),
        is_checked=found.is_checked,
    )


def shown_differences(found: Iterable[Differing]) -> Iterable[Difference]:
    """Differences as the API tells of them."""
    for each in found:
        before, after = (tuple(map(str, versions)) for versions in (each.before, each.after))
        yield Difference(each.kind, each.source, before, after)


def _rebuild(job: Job, *, is_dry_run: bool) -> PlannedRebuild:
    return PlannedRebuild(
        source=job.source.name,
        version=job.source.version,
        architecture=job.architecture,
        ending=f"+b{job.binnmu}",
        build_id=None if is_dry_run else job.pk,
        url="" if is_dry_run else f"/api/v1/builds/{job.pk}",
    )
