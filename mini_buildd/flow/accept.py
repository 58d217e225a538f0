"""Step 3, accept: the rules are asked, the source goes into the pool and gets its row.

The pool is written first: files that no row names are invisible, and a crash in between leaves the
upload as it was, to be accepted again.
"""

from collections.abc import Mapping
from pathlib import Path

from django.db import transaction

from mini_buildd.archive.pool import PoolConflict
from mini_buildd.archive.tree import pool_folder, pool_path
from mini_buildd.db.events import record
from mini_buildd.db.models import PoolFile, Source, SourceFile, Upload
from mini_buildd.db.moves import Overtaken, move_upload
from mini_buildd.deb.dsc import sources_paragraph
from mini_buildd.deb.names import PlainFilename
from mini_buildd.domain import problem
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.states import SourceState, UploadState
from mini_buildd.flow.examine import Accepted, find_parts, pool_rows
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.locks import pool_lock
from mini_buildd.flow.received import examine_received, sent_in
from mini_buildd.flow.reject import reject
from mini_buildd.flow.site import Site
from mini_buildd.flow.store import store
from mini_buildd.kit.hashing import Digests


@tells_full_disk
def accept(site: Site, upload: Upload) -> list[EventKind]:
    """Accept or reject the received *upload*; gives the event, none if somebody was faster."""
    try:
        event = _settle(site, upload, site.spool.upload(upload.token))
    except Overtaken:
        return []
    except FileNotFoundError:
        if Upload.objects.filter(pk=upload.pk, state=UploadState.RECEIVED).exists():
            raise
        return []  # somebody was faster, and has tidied up already
    if event is not EventKind.UPLOAD_WAITS:
        site.spool.drop_upload(upload.token)
    return [event]


def _settle(site: Site, upload: Upload, folder: Path) -> EventKind:
    """What the rules say of *upload*, and what follows from it; raises Overtaken."""
    try:
        examined = examine_received(site, upload)
        accepted = examined.accepted
        if accepted is None:
            return reject(site, upload, examined.faults)
        if accepted.parts.base:
            return _wait(site, upload, accepted)
        with pool_lock(site, accepted.distribution.repository.name):
            files = _into_pool(site, accepted, folder)
            return _save(site, upload, accepted, files)
    except problem.Rejection as rejection:
        return reject(site, upload, [rejection])


def _wait(site: Site, upload: Upload, accepted: Accepted) -> EventKind:
    """Let *upload* wait for what is looked for in the base release's archive."""
    upload.missing = " ".join(file.name for file in accepted.parts.base)
    with transaction.atomic():
        rows = Upload.objects.filter(pk=upload.pk, state=UploadState.RECEIVED, missing="")
        if rows.update(missing=upload.missing) != 1:
            raise Overtaken(f"upload {upload.pk}")
        return record(
            EventKind.UPLOAD_WAITS, site.clock(), upload=upload, detail=upload.missing[:500]
        )


def _into_pool(site: Site, accepted: Accepted, folder: Path) -> Mapping[str, Digests]:
    """Place the source package's files in the pool, which is locked; gives all of them."""
    distribution, dsc = accepted.distribution, accepted.dsc
    # What the .dsc does not name is no part of the source: binaries are built anew here. What the
    # upload leaves out was in the pool before it was locked; only now it stays there.
    parts = find_parts(accepted, sent_in(folder).has)
    pooled = pool_rows(distribution, accepted.component, dsc.source, parts.pool)
    files = {row.name: Digests(row.size_bytes, row.md5, row.sha1, row.sha256) for row in pooled}
    for name in (accepted.dsc_name, *(file.name for file in parts.sent)):
        digests = files[name] = site.digests.of(folder / name)
        path = pool_path(accepted.component, dsc.source, name)
        try:
            store(site, distribution.repository, path, folder / name, sha256=digests.sha256)
        except PoolConflict as conflict:
            raise problem.FileConflicts(
                expected=f"{name} with SHA-256 {conflict.sha256}, as it is in the archive",
                found=f"SHA-256 {digests.sha256}",
                hint="Give the changed content a new version, or upload the archive's file.",
            ) from None
    return files


def _save(
    site: Site, upload: Upload, accepted: Accepted, files: Mapping[str, Digests]
) -> EventKind:
    """The one transaction: upload, source and files."""
    changes, dsc = accepted.changes, accepted.dsc
    with transaction.atomic():
        move_upload(
            upload,
            UploadState.ACCEPTED,
            distribution=accepted.distribution,
            urgency=accepted.urgency,
            closes=" ".join(map(str, accepted.bugs)),
        )
        source = Source.objects.create(
            upload=upload,
            distribution=accepted.distribution,
            name=dsc.source,
            version=dsc.version,
            component=accepted.component,
            architectures=" ".join(dsc.architectures),
            paragraph=sources_paragraph(
                dsc,
                dict(files),
                directory=pool_folder(accepted.component, dsc.source),
                section=accepted.section,
                priority=accepted.priority,
            ),
            changes=changes.changes,
            state=SourceState.ACCEPTED,
            accepted_at=site.clock(),
        )
        for name, digests in files.items():
            path = pool_path(accepted.component, dsc.source, PlainFilename(name))
            row = pool_row(accepted.distribution.repository_id, path, digests)
            SourceFile.objects.create(source=source, file=row)
        return record(EventKind.SOURCE_ACCEPTED, site.clock(), source=source)


def pool_row(repository_id: int, path: str, digests: Digests) -> PoolFile:
    """The row of a pool file, made now when there is none.

    Not that of a file that was there before and is removed: who had that one has lost it.
    """
    row, _ = PoolFile.objects.get_or_create(
        repository_id=repository_id,
        path=path,
        removed_at=None,
        defaults={
            "name": path.rpartition("/")[2],
            "size_bytes": digests.size_bytes,
            "md5": digests.md5,
            "sha1": digests.sha1,
            "sha256": digests.sha256,
        },
    )
    return row
