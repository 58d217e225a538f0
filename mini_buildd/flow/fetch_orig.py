"""Between steps 2 and 3: what an upload leaves out is looked for in the base release's archive.

The upload waits for it, and so do later ones of the same source; no others do. When a mirror does
not answer it is tried again after a while, some times; then the upload is rejected.
"""

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Q

from mini_buildd.db.events import record
from mini_buildd.db.models import Upload
from mini_buildd.db.moves import Overtaken
from mini_buildd.deb.files import ListedFile
from mini_buildd.deb.names import Component
from mini_buildd.domain import problem
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.orig import next_delay, pool_urls
from mini_buildd.domain.states import UploadState
from mini_buildd.flow.bootstrap import sources_of
from mini_buildd.flow.examine import Accepted
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.received import examine_received
from mini_buildd.flow.reject import reject
from mini_buildd.flow.site import Site
from mini_buildd.kit.commands import Commands, CommandsStopped
from mini_buildd.kit.process import CommandFailed
from mini_buildd.tools import apthelper

_log = logging.getLogger(__name__)

# A .dsc may name thousands, and each is a question to a mirror, or half a minute without an answer.
_MOST_LOST = 5


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A *file* that is to come into *folder*."""

    file: ListedFile
    folder: Path

    @property
    def part(self) -> Path:
        """Where it is while it comes; no file of an upload is called so."""
        return self.folder / f".{self.file.name}"


@dataclass(slots=True)
class _Search:
    """What came of looking for a file: from where it came, who has it not, who did not answer."""

    found_at: str = ""
    absent: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)


def waiting_uploads(site: Site) -> list[Upload]:
    """The uploads for which it is time to look."""
    is_due = Q(try_after=None) | Q(try_after__lte=site.clock())
    rows = Upload.objects.filter(is_due, state=UploadState.RECEIVED).exclude(missing="")
    return list(rows.order_by("id"))


@tells_full_disk
def fetch_orig(site: Site, commands: Commands, upload: Upload) -> list[EventKind]:
    """Look once for all that *upload* leaves out.

    Gives the event that lets it go on, or end; none when it is tried again later, or when somebody
    has stopped the *commands*. May take minutes.
    """
    try:
        accepted = examine_received(site, upload).accepted
    except problem.Rejection:
        accepted = None
    try:
        if accepted is None or not accepted.parts.base:
            return [_go_on(site, upload, "nothing is missing any more")]
        return _settle(site, upload, _search_all(site, commands, upload, accepted))
    except (Overtaken, CommandsStopped):
        return []


def _search_all(
    site: Site, commands: Commands, upload: Upload, accepted: Accepted
) -> list[tuple[ListedFile, _Search]]:
    """Look for all that may be in the base, until some are lost already."""
    searches: list[tuple[ListedFile, _Search]] = []
    lost = 0
    for file in accepted.parts.base:
        search = _search(site, commands, upload, accepted, file)
        searches.append((file, search))
        lost += not search.found_at
        if lost == _MOST_LOST:
            break
    return searches


def _settle(
    site: Site, upload: Upload, searches: list[tuple[ListedFile, _Search]]
) -> list[EventKind]:
    lost = [(file, search) for file, search in searches if not search.found_at]
    if not lost:
        return [_go_on(site, upload, ", ".join(search.found_at for _, search in searches))]
    is_hopeless = any(not search.silent for _, search in lost)
    delay = None if is_hopeless else next_delay(upload.tries + 1)
    if delay is None:
        return [reject(site, upload, [_nowhere(file, search) for file, search in lost])]
    _try_later(site, upload, delay)
    return []


def _go_on(site: Site, upload: Upload, detail: str) -> EventKind:
    with transaction.atomic():
        rows = Upload.objects.filter(pk=upload.pk, state=UploadState.RECEIVED)
        if rows.update(missing="", try_after=None) != 1:
            raise Overtaken(f"upload {upload.pk}")
        return record(EventKind.UPLOAD_COMPLETED, site.clock(), upload=upload, detail=detail[:500])


def _try_later(site: Site, upload: Upload, delay_seconds: int) -> None:
    at = site.clock() + timedelta(seconds=delay_seconds)
    rows = Upload.objects.filter(pk=upload.pk, state=UploadState.RECEIVED)
    rows.update(tries=upload.tries + 1, try_after=at)
    _log.warning("upload %s waits for %s, which nobody hands out now", upload.pk, upload.missing)


def _nowhere(file: ListedFile, search: _Search) -> problem.SourceIncomplete:
    return problem.SourceIncomplete(
        expected=f"{file.name} with SHA-256 {file.sha256}, which the .dsc names, in the upload, "
        "in the pool or in the base release's archive",
        found="; ".join((*search.absent, *search.silent)) or "no archive to look in",
        hint="Include it: dpkg-buildpackage -S -sa."
        if not search.silent
        else "Upload again when the archive answers, or include it: dpkg-buildpackage -S -sa.",
    )


def _search(
    site: Site, commands: Commands, upload: Upload, accepted: Accepted, file: ListedFile
) -> _Search:
    """Look for *file* wherever it may be, until it is there."""
    search = _Search()
    folder = site.spool.upload(upload.token)
    archives = [
        (source.url, [Component(area) for area in source.components.split()])
        for source in sources_of(accepted.distribution.base)
    ]
    source = accepted.dsc.source
    for url in pool_urls(archives, accepted.component, source, file.name):
        _download(site, commands, url, _Wanted(file, folder), search)
        if search.found_at:
            break
    return search


def _download(site: Site, commands: Commands, url: str, wanted: _Wanted, search: _Search) -> None:
    file, part = wanted.file, wanted.part
    part.unlink(missing_ok=True)
    said: list[str] = []
    try:
        commands.run(apthelper.download_command(url, part, file.size_bytes), said.append)
    except CommandFailed:
        if apthelper.is_too_large(said):
            search.absent.append(f"{url}: another file, larger than {file.size_bytes} bytes")
        else:
            kind = search.absent if apthelper.is_absent(said) else search.silent
            kind.append(f"{url}: {apthelper.read_complaint(said)}")
    else:
        found = site.digests.of(part)  # so that whoever accepts it need not hash it again
        if (found.size_bytes, found.sha256) == (file.size_bytes, file.sha256):
            part.rename(wanted.folder / file.name)
            search.found_at = url
        else:
            search.absent.append(f"{url}: another file, with SHA-256 {found.sha256}")
    finally:
        part.unlink(missing_ok=True)
