"""Step 2, verify: a .changes in the spool becomes an upload, received or rejected.

First the signature, then everything else from the signed text alone. The upload is complete when
every file it names is there with the right size and digest; as long as its sender is still
connected, an incomplete one waits.
"""

import hashlib
from collections.abc import Mapping

from django.db import IntegrityError, transaction

from mini_buildd.db.events import record
from mini_buildd.db.models import Upload
from mini_buildd.deb.files import ListedFile
from mini_buildd.deb.names import Sha256
from mini_buildd.domain import problem, upload_rules
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.states import UploadState
from mini_buildd.flow.examine import known_files
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.received import read_control
from mini_buildd.flow.reject import note_problems
from mini_buildd.flow.signature import Opened, open_changes
from mini_buildd.flow.site import Site
from mini_buildd.incoming.spool import Arrival
from mini_buildd.kit.hashing import Digests

# Longer than this takes, no other upload waits for it.
_HASHED_AT_ONCE_BYTES = 32 << 20


class NotHashedYet(Exception):
    """A large file has come, and somebody else is to hash it first (Site.digests)."""


@tells_full_disk
def receive(site: Site, arrival: Arrival, *, is_final: bool) -> list[EventKind]:
    """Take up the .changes *arrival*; *is_final* when nothing more can come from its sender.

    Gives the events that happened: none while the upload waits for more of its files. Raises
    NotHashedYet.
    """
    if Upload.objects.filter(token=arrival.token).exists():
        site.spool.drop([arrival])  # done before a crash kept us from tidying up
        return []
    data = read_control(arrival.path)
    upload = Upload(
        token=arrival.token,
        changes_name=arrival.name,
        changes_sha256=hashlib.sha256(data).hexdigest(),
        received_at=site.clock(),
    )
    found: list[Arrival] = []
    try:
        opened = _verify(site, upload, data, site.spool.aim_of(arrival))
        arrived = _find_files(site, opened, is_final=is_final)
        if arrived is None:
            return []
        found = arrived
        site.spool.gather(arrival.token, [arrival, *found])
        event = _save(site, upload, None)
    except problem.Rejection as rejection:
        event = _save(site, upload, rejection)
    site.spool.drop([arrival, *found])
    return [event]


def _verify(site: Site, upload: Upload, data: bytes, suites: Mapping[str, str]) -> Opened:
    """The .changes as it was signed; fills in who signed *upload* and what it is.

    *suites* is what distributions stand for in the folder that it came by.
    """
    opened = open_changes(site, upload.changes_name, data, suites)
    changes = opened.changes
    if opened.signer is not None:
        upload.signed_by_id = opened.signer.key_id
        upload.signer = opened.signer.uploader
        upload.signer_fingerprint = opened.signer.fingerprint
    upload.source_name = changes.source
    upload.version = changes.version
    upload.distribution_name = changes.distribution[:130]
    upload.signed_distribution = opened.signed_distribution
    return opened


def _find_files(site: Site, opened: Opened, *, is_final: bool) -> list[Arrival] | None:
    """The arrivals that the .changes means; None while some of its files are still to come.

    What the pool has just so need not come (flow.precheck says which that is).
    """
    found: list[Arrival] = []
    needless = known_files(opened) if is_final else frozenset()
    for file in opened.changes.files:
        candidates = site.spool.named(file.name)
        match = next((each for each in candidates if _is_same(site, each, file)), None)
        if match is not None:
            found.append(match)
        elif not is_final:
            return None
        elif file.name not in needless:
            raise _absent(site, file, candidates)
    return found


def _is_same(site: Site, arrival: Arrival, file: ListedFile) -> bool:
    try:
        if arrival.path.stat().st_size != file.size_bytes:
            return False
        return _digests(site, arrival).sha256 == file.sha256
    except FileNotFoundError:
        return False


def _digests(site: Site, arrival: Arrival) -> Digests:
    found = site.digests.known_or_wanted(arrival.path, most_bytes=_HASHED_AT_ONCE_BYTES)
    if found is None:
        raise NotHashedYet
    return found


def _absent(site: Site, file: ListedFile, candidates: list[Arrival]) -> problem.Rejection:
    if candidates:
        digests = _digests(site, candidates[-1])
        try:
            upload_rules.check_sent(
                file, size_bytes=digests.size_bytes, sha256=Sha256(digests.sha256)
            )
        except problem.Rejection as rejection:
            return rejection
    return problem.FileMissing(
        expected=f"{file.name} with {file.size_bytes} bytes and SHA-256 {file.sha256}",
        found="no file of that name",
        hint="Upload all files again: dput --force.",
    )


def _save(site: Site, upload: Upload, rejection: problem.Rejection | None) -> EventKind:
    """The one transaction: the upload's row and its event."""
    upload.state = UploadState.REJECTED if rejection else UploadState.RECEIVED
    kind = EventKind.UPLOAD_REJECTED if rejection else EventKind.UPLOAD_ARRIVED
    if rejection:
        note_problems(upload, [rejection])
    try:
        with transaction.atomic():
            upload.save(force_insert=True)
            return record(kind, site.clock(), upload=upload, detail=_detail(upload))
    except IntegrityError:
        if not Upload.objects.filter(token=upload.token).exists():
            raise
        return kind  # received already, in a thread that was faster


def _detail(upload: Upload) -> str:
    if upload.problem_code or not upload.signed_distribution:
        return upload.problem_code
    return f"signed for {upload.signed_distribution}, dropped for {upload.distribution_name}"
