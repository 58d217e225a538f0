"""Step 3, accept: the rules are asked, the source goes into the pool and gets its row.

The pool is written first: files that no row names are invisible, and a crash in between leaves the
upload as it was, to be accepted again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from mini_buildd.archive.pool import PoolConflict
from mini_buildd.archive.tree import pool_folder, pool_path
from mini_buildd.db.events import record
from mini_buildd.db.models import Distribution, PoolFile, Source, SourceFile, Upload
from mini_buildd.db.moves import Overtaken, move_upload
from mini_buildd.db.uploaders import Signer
from mini_buildd.deb.changes import Changes
from mini_buildd.deb.dsc import Dsc, sources_paragraph
from mini_buildd.deb.names import Component, MalformedName, PlainFilename, Sha256
from mini_buildd.deb.version import Version, compare
from mini_buildd.domain import problem, upload_rules
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.keyring import keyring_name
from mini_buildd.domain.layout import VersionRule
from mini_buildd.domain.states import SourceState, UploadState
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.locks import pool_lock
from mini_buildd.flow.receive import MAX_CONTROL_BYTES, note_problem
from mini_buildd.flow.signature import open_signed, read_changes, read_dsc
from mini_buildd.flow.site import Site
from mini_buildd.flow.store import store
from mini_buildd.flow.targets import plan_of
from mini_buildd.kit.hashing import Digests, hash_file


@dataclass(frozen=True, slots=True)
class _Accepted:
    """What the rules let through, with all that its row needs."""

    distribution: Distribution
    changes: Changes
    dsc: Dsc
    dsc_name: PlainFilename
    component: Component
    section: str
    priority: str


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
    site.spool.drop_upload(upload.token)
    return [event]


def _settle(site: Site, upload: Upload, folder: Path) -> EventKind:
    """What the rules say of *upload*, and what follows from it; raises Overtaken."""
    try:
        accepted = _ask_rules(site, upload, folder)
        with pool_lock(site, accepted.distribution.repository.name):
            files = _into_pool(site, accepted, folder)
            return _save(site, upload, accepted, files)
    except problem.Rejection as rejection:
        return _reject(site, upload, rejection)


def _ask_rules(site: Site, upload: Upload, folder: Path) -> _Accepted:
    data = _read(folder, upload.changes_name)
    signed, signer = open_signed(site, upload.changes_name, data)
    changes = read_changes(upload.changes_name, signed.text)
    distribution = _find_distribution(changes)
    _check_signer(signer, distribution, changes)
    _check_reserved(site, signer, (changes.source,))
    upload_rules.check_version(
        changes.version,
        repository=distribution.repository.name,
        code=distribution.base.version_code,
        rule=VersionRule(distribution.suite.version_rule),
    )
    _check_against_present(changes, distribution)
    listed = upload_rules.the_dsc(changes)
    dsc = read_dsc(site, listed.name, _read(folder, listed.name))
    upload_rules.check_dsc_fits(changes, dsc)
    upload_rules.check_names(dsc, listed.name)
    _check_reserved(site, signer, dsc.binaries)
    plan_of(distribution, dsc.architectures, changes.changes)
    return _Accepted(
        distribution,
        changes,
        dsc,
        listed.name,
        _component_of(listed.section),
        listed.section,
        listed.priority,
    )


def _read(folder: Path, name: str) -> bytes:
    """The control data *name* of an upload; of more than there can be, one byte too many."""
    try:
        with (folder / name).open("rb") as stream:
            return stream.read(MAX_CONTROL_BYTES + 1)
    except FileNotFoundError:
        raise problem.FileMissing(
            expected=f"{name}, as it was received",
            found="that it is gone from the spool",
            hint="Upload all files again: dput --force.",
        ) from None


def _find_distribution(changes: Changes) -> Distribution:
    known = Distribution.objects.select_related("repository", "base", "suite")
    try:
        name = str(DistributionName.parse(changes.distribution))
    except MalformedName:
        name = ""
    distribution = known.filter(name=name).first()
    upload_rules.check_distribution(
        changes.distribution,
        exists=distribution is not None,
        is_open=distribution is not None and distribution.suite.accepts_uploads,
        open_ones=known.filter(suite__accepts_uploads=True).values_list("name", flat=True),
    )
    if distribution is None:  # pragma: no cover  # the rule above has raised
        raise AssertionError(changes.distribution)
    return distribution


def _check_signer(signer: Signer, distribution: Distribution, changes: Changes) -> None:
    repository, suite = distribution.repository.name, distribution.suite.name
    if repository not in signer.repositories:
        raise problem.SignerNotAllowed(
            expected=f"a signer who may upload to repository {repository}",
            found=f"{signer.uploader}, who may upload to "
            f"{', '.join(sorted(signer.repositories)) or 'none'}",
            hint="Ask an administrator for the right, or upload to another repository.",
        )
    source = changes.source
    in_repository = Source.objects.filter(distribution__repository=distribution.repository)
    is_new = not in_repository.filter(name=source).exists()
    if not any(each.covers(repository, suite, source, is_new=is_new) for each in signer.rights):
        raise problem.SignerNotAllowed(
            expected=f"a signer who may upload {source} to {distribution}",
            found=f"{signer.uploader}, whose rights there are for "
            + " or ".join(
                map(str, (each for each in signer.rights if each.repository == repository))
            ),
            hint="Ask an owner of the repository for the right.",
        )


def _check_reserved(site: Site, signer: Signer, names: Iterable[str]) -> None:
    upload_rules.check_reserved(
        names, reserved=keyring_name(site.settings.identity), is_archive=signer.is_archive
    )


def _check_against_present(changes: Changes, distribution: Distribution) -> None:
    # Its files have the same names in every suite, and the repository has one pool.
    in_repository = Source.objects.filter(distribution__repository=distribution.repository)
    before = in_repository.filter(name=changes.source, version=changes.version).first()
    upload_rules.check_not_there(
        changes.version,
        accepted_before=f"upload {before.upload_id} for {before.distribution}, {before.state}"
        if before
        else None,
    )
    same_name = Source.objects.filter(distribution=distribution, name=changes.source)
    newest: Version | None = None
    for text in same_name.exclude(state=SourceState.FAILED).values_list("version", flat=True):
        version = Version(text)
        newest = version if newest is None or compare(version, newest) > 0 else newest
    upload_rules.check_not_lower(changes.version, newest=newest)


def _component_of(section: str) -> Component:
    """The archive area before the slash of a section (Debian Policy 2.4), else main."""
    area, slash, _ = section.partition("/")
    try:
        return Component(area) if slash else Component("main")
    except MalformedName as error:
        raise problem.ChangesMalformed(
            expected="a section such as utils or contrib/utils",
            found=str(error),
            hint="Correct the Section of the source in debian/control.",
        ) from None


def _into_pool(site: Site, accepted: _Accepted, folder: Path) -> Mapping[str, Digests]:
    """Place the source package's files, and check those that the upload left out."""
    distribution, dsc = accepted.distribution, accepted.dsc
    rows = {row.name: row for row in _pool_rows(accepted)}
    # What the .dsc does not name is no part of the source: binaries are built anew here.
    upload_rules.source_files(
        dsc,
        accepted.changes,
        {PlainFilename(name): Sha256(row.sha256) for name, row in rows.items()},
    )
    files = {
        row.name: Digests(row.size_bytes, row.md5, row.sha1, row.sha256) for row in rows.values()
    }
    for name in (accepted.dsc_name, *(file.name for file in dsc.files)):
        if not (folder / name).exists():
            continue  # it is in the pool
        digests = files[name] = hash_file(folder / name)
        path = pool_path(accepted.component, dsc.source, name)
        try:
            store(site, distribution.repository, path, folder / name, sha256=digests.sha256)
        except PoolConflict as conflict:
            raise problem.FileConflicts(
                expected=f"{name} with SHA-256 {conflict.sha256}, as it is in the archive",
                found=f"SHA-256 {digests.sha256}",
                hint="Give the changed content a new version, or upload the archive's file.",
            ) from None
    wanted = {accepted.dsc_name, *(file.name for file in dsc.files)}
    return {name: digests for name, digests in files.items() if name in wanted}


def _pool_rows(accepted: _Accepted) -> list[PoolFile]:
    """The pool's files of this source that the .dsc names."""
    dsc = accepted.dsc
    paths = [pool_path(accepted.component, dsc.source, file.name) for file in dsc.files]
    return list(
        PoolFile.objects.filter(
            repository=accepted.distribution.repository, path__in=paths, removed_at=None
        )
    )


def _save(
    site: Site, upload: Upload, accepted: _Accepted, files: Mapping[str, Digests]
) -> EventKind:
    """The one transaction: upload, source and files."""
    changes, dsc = accepted.changes, accepted.dsc
    with transaction.atomic():
        move_upload(upload, UploadState.ACCEPTED, distribution=accepted.distribution)
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


def _reject(site: Site, upload: Upload, rejection: problem.Rejection) -> EventKind:
    note_problem(upload, rejection)
    names = ("problem_code", "problem_title", "expected", "found", "hint")
    with transaction.atomic():
        move_upload(upload, UploadState.REJECTED, **{name: getattr(upload, name) for name in names})
        return record(EventKind.UPLOAD_REJECTED, site.clock(), upload=upload, detail=rejection.code)
