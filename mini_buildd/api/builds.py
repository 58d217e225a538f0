"""The calls on builds."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router
from pydantic import Field

from mini_buildd.api.bodies import NO_REASON, Reason
from mini_buildd.api.door import actor_of
from mini_buildd.api.given import PAGE_ROWS, Before, Limit, Moment, Number, Word, address
from mini_buildd.db.queries.builds import (
    ArtifactRow,
    AttemptRow,
    BuildRow,
    find_attempt,
    find_build,
    list_builds,
)
from mini_buildd.db.queries.builds import Build as BuildFound
from mini_buildd.db.queries.page import Order
from mini_buildd.domain.permission import Act, Actor, may
from mini_buildd.domain.problem import BuildUnknown, LogUnknown
from mini_buildd.domain.states import JOB_OPEN, JobState
from mini_buildd.flow.built_with import built_with
from mini_buildd.flow.cancel import cancel
from mini_buildd.flow.hosted import archive_url, places, site, wake
from mini_buildd.flow.retry import is_retriable, retry
from mini_buildd.kit.seekable import DamagedFile
from mini_buildd.tools.log_find import find_in_log
from mini_buildd.tools.log_part import read_part
from mini_buildd.wire.api.builds import Artifact, Attempt, Build, BuildDetail, BuildPage
from mini_buildd.wire.api.measures import (
    BuiltWith,
    InstalledChange,
    InstalledPackage,
    LogLine,
    LogLines,
)

router = Router(tags=["builds"])

_ENDED_BADLY = (JobState.FAILED, JobState.CANCELLED)


@router.get("", response=BuildPage, summary="List builds")
def list_of_builds(
    request: HttpRequest,
    state: JobState | None = None,
    source: Word = "",
    distribution: Word = "",
    architecture: Word = "",
    builder: Annotated[Word, Field(description="That has tried it.")] = "",
    person: Annotated[Word, Field(description="Who signed the upload.")] = "",
    since: Annotated[Moment | None, Field(description="Planned then or later.")] = None,
    until: Annotated[Moment | None, Field(description="Planned before.")] = None,
    order: Order = Order.NEWEST,
    before: Before | None = None,
    limit: Limit = PAGE_ROWS,
) -> BuildPage:
    """Builds, the newest first if nothing else is asked for, that fit all of what is given.

    A `source` that ends in `*` stands for all that begin so.
    """
    page = list_builds(
        before,
        state=state,
        source=source,
        distribution=distribution,
        architecture=architecture,
        builder=builder,
        person=person,
        since=since,
        until=until,
        order=order,
        count=limit,
    )
    following = address(request, before=page.older) if page.older is not None else None
    return BuildPage(tuple(map(shown, page.rows)), following)


@router.get("{int:build_id}", response=BuildDetail, summary="Show a build")
def show_build(request: HttpRequest, build_id: Number) -> BuildDetail:
    """All of one build, with its attempts and what they made."""
    found = _found(build_id)
    row, actor = found.row, actor_of(request)
    return BuildDetail(
        build=shown(row),
        attempts=tuple(map(_attempt, found.attempts)),
        artifacts=tuple(_artifact(row.repository, each) for each in found.artifacts),
        buildinfo=_artifact(row.repository, found.buildinfo) if found.buildinfo else None,
        expected_seconds=found.expected_seconds,
        log_url=f"{url_of(row.id)}/log",
        may_cancel=may_cancel(actor, row),
        may_retry=_may(actor, Act.RETRY_BUILD, row)
        and row.state in _ENDED_BADLY
        and is_retriable(row.id),
    )


@router.get("{int:build_id}/log", summary="Read a build's log")
def read_log(
    request: HttpRequest, build_id: Number, attempt: Number | None = None, offset: Number = 0
) -> HttpResponse:
    """The log of an attempt, the latest if none is given: at most 1 MiB of it from *offset* on.

    Go on at the offset that `X-Log-Next-Offset` names. `X-Log-State` turns from `running` to
    `ended` once nothing more will come; so a log can be followed while the build runs.
    """
    del request
    _found(build_id)
    chosen = find_attempt(build_id, attempt)
    if chosen is None:
        raise _no_log(build_id, "no such attempt")
    path = places().builds / chosen.token / "log"
    try:
        part = read_part(path, offset, is_over=chosen.outcome is not None)
    except DamagedFile:
        raise _no_log(build_id, "one that cannot be read") from None
    headers = {
        "X-Log-Next-Offset": str(part.next_offset),
        "X-Log-State": "ended" if part.has_ended else "running",
        "Cache-Control": "no-store",
    }
    return HttpResponse(part.data, content_type="text/plain; charset=utf-8", headers=headers)


@router.get("{int:build_id}/log/lines", response=LogLines, summary="Look for a text in a log")
def find_lines(
    request: HttpRequest,
    build_id: Number,
    find: Annotated[Word, Field(min_length=1, description="In capitals or not.")],
    attempt: Number | None = None,
) -> LogLines:
    """The first lines of the log of an attempt, the latest if none is given, that have the text."""
    del request
    _found(build_id)
    chosen = find_attempt(build_id, attempt)
    if chosen is None:
        raise _no_log(build_id, "no such attempt")
    try:
        hits = find_in_log(places().builds / chosen.token / "log", find)
    except (FileNotFoundError, DamagedFile):
        raise _no_log(build_id, "none that can be read") from None
    lines = (LogLine(each.number, each.text, each.is_error) for each in hits.lines)
    return LogLines(tuple(lines), hits.is_cut)


@router.get("{int:build_id}/packages", response=BuiltWith, summary="Ask what it was built with")
def show_built_with(request: HttpRequest, build_id: Number) -> BuiltWith:
    """The packages that a good build was made with, and what was otherwise in the one before.

    There are none before the build has succeeded.
    """
    del request
    _found(build_id)
    found = built_with(places(), build_id)
    if found is None:
        return BuiltWith((), None, ())
    return BuiltWith(
        tuple(InstalledPackage(name, version) for name, version in found.packages),
        found.before.job_id if found.before is not None else None,
        tuple(InstalledChange(each.name, each.before, each.after) for each in found.changes),
    )


@router.post("{int:build_id}/cancel", response={202: Build}, summary="Cancel a build")
def cancel_build(
    request: HttpRequest, response: HttpResponse, build_id: Number, body: Body[Reason] = NO_REASON
) -> Build:
    """Let a build end that waits or runs; a running one has ended within seconds."""
    _found(build_id)
    cancel(site(), actor_of(request), build_id, body.reason)
    return _accepted(response, build_id)


@router.post("{int:build_id}/retry", response={202: Build}, summary="Try a build again")
def retry_build(
    request: HttpRequest, response: HttpResponse, build_id: Number, body: Body[Reason] = NO_REASON
) -> Build:
    """Let a build be tried again that failed or was cancelled, with all its chances."""
    _found(build_id)
    retry(site(), actor_of(request), build_id, body.reason)
    return _accepted(response, build_id)


def _accepted(response: HttpResponse, build_id: int) -> Build:
    wake()
    response["Location"] = url_of(build_id)
    return shown(_found(build_id).row)


def _found(build_id: int) -> BuildFound:
    found = find_build(build_id)
    if found is None:
        raise BuildUnknown(
            expected="the number of a build",
            found=str(build_id),
            hint="GET /api/v1/builds/ lists them.",
        )
    return found


def _no_log(build_id: int, found: str) -> LogUnknown:
    return LogUnknown(
        expected=f"a log of build {build_id}", found=found, hint="It was removed, or never begun."
    )


# --- how builds are shown ---------------------------------------------------------


def url_of(build_id: int) -> str:
    """Where the API tells of a build."""
    return f"/api/v1/builds/{build_id}"


def shown(row: BuildRow) -> Build:
    """*row* as the API tells of it."""
    return Build(
        id=row.id,
        url=url_of(row.id),
        page=f"/builds/{row.id}/",
        source=row.source,
        version=row.version,
        architecture=row.architecture,
        build_architecture=row.build_architecture,
        distribution=row.distribution,
        repository=row.repository,
        upload_id=row.upload_id,
        uploader=row.uploader,
        state=row.state,
        reason=row.reason,
        is_optional=row.is_optional,
        is_open=row.state in JOB_OPEN,
        created_at=row.created_at,
        attempt=_attempt(row.attempt) if row.attempt is not None else None,
    )


def may_cancel(actor: Actor, row: BuildRow) -> bool:
    """Whether *actor* may cancel that build, and it can be."""
    is_ending = row.attempt is not None and row.attempt.is_being_cancelled
    return row.state in JOB_OPEN and not is_ending and _may(actor, Act.CANCEL_BUILD, row)


def _may(actor: Actor, act: Act, row: BuildRow) -> bool:
    return may(actor, act, repository=row.repository, owner=row.uploader)


def _attempt(row: AttemptRow) -> Attempt:
    return Attempt(
        number=row.number,
        builder=row.builder,
        assigned_at=row.assigned_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        outcome=row.outcome,
        stage=row.stage,
        reason=row.reason,
        seconds=row.seconds,
        is_being_cancelled=row.is_being_cancelled,
        phases=row.phases,
        peak_memory_bytes=row.peak_memory_bytes,
        disk_bytes=row.disk_bytes,
        cpu_seconds=row.cpu_seconds,
        notes=row.notes,
    )


def _artifact(repository: str, row: ArtifactRow) -> Artifact:
    url = f"{archive_url(repository)}/{row.path}"
    return Artifact(name=row.name, package=row.package, url=url, size_bytes=row.size_bytes)
