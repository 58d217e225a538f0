"""The calls on uploads."""

from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router
from pydantic import Field

from mini_buildd.api.bodies import NO_REASON, PrecheckWish, Reason
from mini_buildd.api.builds import may_cancel
from mini_buildd.api.builds import shown as build_shown
from mini_buildd.api.door import actor_of
from mini_buildd.api.event_stream import shown as event_shown
from mini_buildd.api.given import PAGE_ROWS, Before, Limit, Moment, Number, Sha256, Word, address
from mini_buildd.db.queries.events import list_events_after
from mini_buildd.db.queries.page import Order
from mini_buildd.db.queries.uploads import FileRow, ProblemRow, UploadRow, find_upload, list_uploads
from mini_buildd.db.queries.uploads import UploadDetail as UploadFound
from mini_buildd.domain.event_filter import EventFilter
from mini_buildd.domain.permission import Act, Actor, may
from mini_buildd.domain.problem import UploadUnknown
from mini_buildd.domain.states import JobState, SourceState, UploadState
from mini_buildd.flow.cancel import cancel_upload
from mini_buildd.flow.hosted import archive_url, site, wake
from mini_buildd.flow.precheck import precheck
from mini_buildd.flow.retry import is_retriable, retry_upload
from mini_buildd.wire.api.events import EventPage
from mini_buildd.wire.api.uploads import Cause, SourceFile, Upload, UploadDetail, UploadPage
from mini_buildd.wire.precheck import Precheck

# None of them took any time that could be compared.
UploadOrder = Literal["newest", "oldest"]

router = Router(tags=["uploads"])

_ENDED_BADLY = (JobState.FAILED, JobState.CANCELLED)
_MOVING = (SourceState.ACCEPTED, SourceState.BUILDING, SourceState.READY)


@router.get("", response=UploadPage, summary="List uploads")
def list_of_uploads(
    request: HttpRequest,
    state: UploadState | None = None,
    source: Word = "",
    distribution: Word = "",
    source_state: SourceState | None = None,
    person: Annotated[Word, Field(description="Who signed it.")] = "",
    since: Annotated[Moment | None, Field(description="Received then or later.")] = None,
    until: Annotated[Moment | None, Field(description="Received before.")] = None,
    order: Annotated[UploadOrder, Field(description="What comes first.")] = "newest",
    changes_sha256: Annotated[
        Sha256 | None, Field(description="Of the .changes: so a client finds what it has sent.")
    ] = None,
    before: Before | None = None,
    limit: Limit = PAGE_ROWS,
) -> UploadPage:
    """Uploads, the newest first if nothing else is asked for, that fit all of what is given.

    A `source` that ends in `*` stands for all that begin so.
    """
    page = list_uploads(
        before,
        limit,
        state=state,
        source=source,
        distribution=distribution,
        changes_sha256=changes_sha256 or "",
        source_state=source_state,
        person=person,
        since=since,
        until=until,
        order=Order(order),
    )
    following = address(request, before=page.older) if page.older is not None else None
    return UploadPage(tuple(map(shown, page.rows)), following)


@router.post("precheck", response=Precheck, summary="Ask whether an upload would be accepted")
def precheck_upload(request: HttpRequest, body: Body[PrecheckWish]) -> Precheck:
    """A dry run: what would be said of this upload, and what would be built. Nothing is changed.

    A rejection is an answer like another one, with status 200: look at `faults`.
    """
    dsc = body.dsc.encode() if body.dsc is not None else None
    return precheck(site(), actor_of(request), body.changes_name, body.changes.encode(), dsc)


@router.get("{int:upload_id}", response=UploadDetail, summary="Show an upload")
def show_upload(request: HttpRequest, upload_id: Number) -> UploadDetail:
    """All of one upload: what became of it, why it was rejected, its builds."""
    found, actor = _found(upload_id), actor_of(request)
    return UploadDetail(
        upload=shown(found.row),
        fingerprint=found.fingerprint,
        repository=found.repository,
        component=found.component,
        accepted_at=found.accepted_at,
        published_at=found.published_at,
        news=found.news,
        problem=_cause(found.problem) if found.problem is not None else None,
        more_problems=tuple(map(_cause, found.more_problems)),
        urgency=found.urgency,
        closes=tuple(map(int, found.closes)),
        waits_for=found.waits_for,
        builds=tuple(map(build_shown, found.builds)),
        files=tuple(_file(found.repository, each) for each in found.files),
        may_cancel=any(may_cancel(actor, row) for row in found.builds),
        may_retry=_may_retry(actor, found),
    )


@router.get("{int:upload_id}/events/", response=EventPage, summary="List an upload's events")
def list_of_upload_events(
    request: HttpRequest, upload_id: Number, after: Number = 0, limit: Limit = PAGE_ROWS
) -> EventPage:
    """What has happened to an upload and its builds after that event, the oldest first."""
    _found(upload_id)
    rows = list_events_after(after, EventFilter(upload_id=upload_id), count=limit)
    last = rows[-1].id if rows else after
    return EventPage(tuple(map(event_shown, rows)), last, address(request, after=last))


@router.post("{int:upload_id}/cancel", response={202: Upload}, summary="Cancel an upload's builds")
def cancel_builds(
    request: HttpRequest, response: HttpResponse, upload_id: Number, body: Body[Reason] = NO_REASON
) -> Upload:
    """Let all builds of an upload end that wait or run."""
    _found(upload_id)
    cancel_upload(site(), actor_of(request), upload_id, body.reason)
    return _accepted(response, upload_id)


@router.post("{int:upload_id}/retry", response={202: Upload}, summary="Try its builds again")
def retry_builds(
    request: HttpRequest, response: HttpResponse, upload_id: Number, body: Body[Reason] = NO_REASON
) -> Upload:
    """Let all builds of an upload be tried again that failed or were cancelled."""
    _found(upload_id)
    retry_upload(site(), actor_of(request), upload_id, body.reason)
    return _accepted(response, upload_id)


def _accepted(response: HttpResponse, upload_id: int) -> Upload:
    wake()
    response["Location"] = _url(upload_id)
    return shown(_found(upload_id).row)


def _found(upload_id: int) -> UploadFound:
    found = find_upload(upload_id)
    if found is None:
        raise UploadUnknown(
            expected="the number of an upload",
            found=str(upload_id),
            hint="GET /api/v1/uploads/ lists them.",
        )
    return found


# --- how uploads are shown --------------------------------------------------------


def _url(upload_id: int) -> str:
    return f"/api/v1/uploads/{upload_id}"


def shown(row: UploadRow) -> Upload:
    """*row* as the API tells of it."""
    return Upload(
        id=row.id,
        url=_url(row.id),
        page=f"/uploads/{row.id}/",
        changes_name=row.changes_name,
        source=row.source,
        version=row.version,
        distribution=row.distribution,
        uploader=row.uploader,
        received_at=row.received_at,
        state=row.state,
        source_state=row.source_state,
        is_open=row.state is UploadState.RECEIVED or row.source_state in _MOVING,
        problem_title=row.problem_title,
    )


def _may_retry(actor: Actor, found: UploadFound) -> bool:
    repository, owner = found.repository, found.row.uploader
    if not may(actor, Act.RETRY_BUILD, repository=repository, owner=owner):
        return False
    badly = [row for row in found.builds if row.state in _ENDED_BADLY]
    return bool(badly) and all(is_retriable(row.id) for row in badly)


def _cause(row: ProblemRow) -> Cause:
    return Cause(row.code, row.title, row.expected, row.found, row.hint)


def _file(repository: str, row: FileRow) -> SourceFile:
    url = f"{archive_url(repository)}/{row.path}"
    return SourceFile(row.name, url, row.size_bytes, row.sha256)
