"""The calls on snapshots of repositories."""

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router

from mini_buildd.api.change_bodies import SnapshotWish
from mini_buildd.api.door import actor_of
from mini_buildd.api.given import Word
from mini_buildd.db.queries.snapshots import SnapshotRow, list_snapshots
from mini_buildd.deb.names import MalformedName
from mini_buildd.domain.problem import SnapshotUnknown
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.flow.hosted import archive_url, site
from mini_buildd.flow.snapshot import drop, find_repository, take
from mini_buildd.wire.api.changes import Point, Snapshot, SnapshotPage

router = Router(tags=["changes"])


@router.get("{name}/snapshots/", response=SnapshotPage, summary="List its snapshots")
def list_of_snapshots(request: HttpRequest, name: Word) -> SnapshotPage:
    """The snapshots of a repository, the newest first, and which versions each of them keeps."""
    del request
    repository = find_repository(name)
    return SnapshotPage(
        tuple(_snapshot(repository.name, row) for row in list_snapshots(repository.name))
    )


@router.post("{name}/snapshots/", response={201: Snapshot}, summary="Take a snapshot")
def take_snapshot(
    request: HttpRequest, response: HttpResponse, name: Word, body: Body[SnapshotWish]
) -> Snapshot:
    """Keep what the suites of a repository have now, under a name that apt can install by."""
    repository = find_repository(name)
    wanted = _parsed(body.name)
    take(site(), actor_of(request), repository, wanted, reason=body.reason)
    response["Location"] = f"/api/v1/repositories/{repository.name}/snapshots/"
    rows = list_snapshots(repository.name)
    return next(_snapshot(repository.name, row) for row in rows if row.name == wanted)


@router.delete("{name}/snapshots/{snapshot}", response={204: None}, summary="Drop a snapshot")
def drop_snapshot(request: HttpRequest, name: Word, snapshot: Word) -> None:
    """Let a snapshot go; what nothing else keeps is removed for good."""
    drop(site(), actor_of(request), find_repository(name), snapshot)


def _parsed(text: str) -> SnapshotName:
    try:
        return SnapshotName(text)
    except MalformedName as error:
        raise SnapshotUnknown(
            expected=f"a {error.kind}",
            found=f"“{error.text}”",
            hint="Choose another name, such as before-the-upgrade.",
        ) from None


def _snapshot(repository: str, row: SnapshotRow) -> Snapshot:
    return Snapshot(
        name=row.name,
        repository=repository,
        kind=row.kind,
        taken_at=row.taken_at,
        taken_by=row.taken_by,
        reason=row.reason,
        archive_url=f"{archive_url(repository)}/snapshots/{row.name}",
        versions=tuple(Point(suite, number) for suite, number in row.versions),
    )
