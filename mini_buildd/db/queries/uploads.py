"""Uploads: what arrived, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from mini_buildd.db.models import Job, Source, SourceFile, Upload
from mini_buildd.db.queries.builds import BuildRow, account, build_row, jobs, signer
from mini_buildd.db.queries.narrow import narrow_uploads
from mini_buildd.db.queries.page import Order, Page, page
from mini_buildd.db.visibility import visible_uploads
from mini_buildd.domain.states import JobState, SourceState, UploadState

_LIVELIEST_FIRST = (JobState.RUNNING, JobState.ASSIGNED, JobState.WAITING, JobState.DEP_WAIT)


@dataclass(frozen=True, slots=True)
class UploadRow:
    """An upload as lists show it; *source_state* is None unless it was accepted.

    *liveliest* is the state of the job that has come nearest to being built now; None when no job
    is open.
    """

    id: int
    changes_name: str
    source: str
    version: str
    distribution: str
    uploader: str
    account: str
    received_at: datetime
    state: UploadState
    source_state: SourceState | None
    liveliest: JobState | None
    problem_title: str
    is_incomplete: bool = False  # it waits for what it leaves out
    signed_distribution: str = ""  # where a folder that is watched had it stand for another


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """Why it was rejected, in the words of domain.problem."""

    code: str
    title: str
    expected: str
    found: str
    hint: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of the source package; *path* is relative to the repository's folder."""

    name: str
    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class UploadDetail:
    """All of one upload; *repository* is empty until its distribution is known.

    *waits_for* are files that are looked for in the archive of the base release, *tries* how often
    that has failed. *closes* are the numbers of bugs.
    """

    row: UploadRow
    fingerprint: str
    key_user_id: str
    repository: str
    component: str
    accepted_at: datetime | None
    published_at: datetime | None
    news: str
    urgency: str
    closes: tuple[str, ...]
    waits_for: tuple[str, ...]
    tries: int
    problem: ProblemRow | None
    more_problems: tuple[ProblemRow, ...]
    builds: tuple[BuildRow, ...]
    files: tuple[FileRow, ...]
    is_open: bool = False  # the repository takes unsigned uploads
    is_private: bool = False


def uploads() -> QuerySet[Upload]:
    """Uploads with all that a row needs, in one question."""
    rows = visible_uploads(Upload.objects.select_related("source", "signed_by__user"))
    jobs_of = Job.objects.filter(source__upload=OuterRef("pk"))
    return rows.annotate(
        **{state.value: Exists(jobs_of.filter(state=state)) for state in _LIVELIEST_FIRST}
    )


def source_of(upload: Upload) -> Source | None:
    """The source package of *upload*; None unless it was accepted."""
    try:
        return upload.source
    except Source.DoesNotExist:
        return None


def upload_row(upload: Upload) -> UploadRow:
    """*upload* as a row; it must come out of uploads()."""
    source = source_of(upload)
    return UploadRow(
        id=upload.pk,
        changes_name=upload.changes_name,
        source=upload.source_name,
        version=upload.version,
        distribution=upload.distribution_name,
        uploader=signer(upload),
        account=account(upload),
        received_at=upload.received_at,
        state=UploadState(upload.state),
        source_state=SourceState(source.state) if source is not None else None,
        liveliest=next((each for each in _LIVELIEST_FIRST if getattr(upload, each.value)), None),
        problem_title=upload.problem_title,
        is_incomplete=bool(upload.missing),
        signed_distribution=upload.signed_distribution,
    )


def list_uploads(
    before: int | None = None,
    count: int = 50,
    *,
    state: UploadState | None = None,
    source_state: SourceState | None = None,
    source: str = "",
    distribution: str = "",
    changes_sha256: str = "",
    person: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    order: Order = Order.NEWEST,
) -> Page[UploadRow]:
    """A page of uploads, in their *order*: those that fit all of what is given (see narrow)."""
    rows = narrow_uploads(
        uploads(),
        state=state,
        source_state=source_state,
        source=source,
        distribution=distribution,
        changes_sha256=changes_sha256,
        person=person,
        since=since,
        until=until,
    )
    # What became of uploads is told by their source packages, and so is then the order.
    key = "source__upload_id" if source_state else "pk"
    return page(rows, upload_row, before, count, order, key=key)


def find_upload(upload_id: int) -> UploadDetail | None:
    """The upload with number *upload_id*."""
    upload = uploads().select_related("distribution__repository").filter(pk=upload_id).first()
    if upload is None:
        return None
    source, key, distribution = source_of(upload), upload.signed_by, upload.distribution
    return UploadDetail(
        row=upload_row(upload),
        fingerprint=key.fingerprint if key is not None else upload.signer_fingerprint,
        key_user_id=key.uid if key is not None else "",
        repository=distribution.repository.name if distribution is not None else "",
        component=source.component if source is not None else "",
        accepted_at=source.accepted_at if source is not None else None,
        published_at=_published_at(source),
        news=source.changes if source is not None else "",
        urgency=upload.urgency,
        closes=tuple(upload.closes.split()),
        waits_for=tuple(upload.missing.split()),
        tries=upload.tries,
        problem=_problem(upload),
        more_problems=tuple(ProblemRow(**each) for each in upload.more_problems),
        builds=_builds(source),
        files=_files(source),
        is_open=distribution is not None and distribution.repository.is_open,
        is_private=distribution is not None and distribution.repository.is_private,
    )


def _problem(upload: Upload) -> ProblemRow | None:
    if upload.state != UploadState.REJECTED:
        return None
    return ProblemRow(
        upload.problem_code, upload.problem_title, upload.expected, upload.found, upload.hint
    )


def _published_at(source: Source | None) -> datetime | None:
    if source is None:
        return None
    rows = source.publications.filter(published_at__isnull=False).order_by("published_at")
    return rows.values_list("published_at", flat=True).first()


def _builds(source: Source | None) -> tuple[BuildRow, ...]:
    if source is None:
        return ()
    return tuple(build_row(job) for job in jobs().filter(source=source).order_by("architecture"))


def _files(source: Source | None) -> tuple[FileRow, ...]:
    if source is None:
        return ()
    rows = SourceFile.objects.filter(source=source).select_related("file").order_by("file__name")
    return tuple(
        FileRow(row.file.name, row.file.path, row.file.size_bytes, row.file.sha256) for row in rows
    )
