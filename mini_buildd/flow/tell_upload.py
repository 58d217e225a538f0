"""Tell the people whom it concerns how an upload ended, once all about it is decided.

Who has uploaded it is told, and who has subscribed to it and may see it: each in one letter.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _

from mini_buildd.db.actors import actor_for
from mini_buildd.db.models import Job, Notice, Source, Upload
from mini_buildd.db.queries.subscriptions import subscribers, wish_on_own
from mini_buildd.db.queries.uploads import source_of
from mini_buildd.db.visibility import seen_by, visible_uploads
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.states import JobState, SourceState
from mini_buildd.flow.letters import NewLetter, write_down
from mini_buildd.flow.site import Site
from mini_buildd.flow.unsubscribe import OWN, SUBSCRIPTION, address_to_end
from mini_buildd.notify import mail
from mini_buildd.notify.upload_mail import (
    BuildLine,
    Refusal,
    UploadStory,
    subject_of,
    text_of,
)
from mini_buildd.tools.log_excerpt import excerpt
from mini_buildd.tools.log_file import open_log
from mini_buildd.tools.log_plain import plain

# A build that goes on for longer is told as one that goes on; in dep-wait none is waited for.
_PATIENCE = timedelta(hours=6)
_MOVING = (JobState.WAITING, JobState.ASSIGNED, JobState.RUNNING, JobState.LOST)
_LOG_BYTES = 1 << 20
# While a source package is in that state, an outcome of it still holds.
_STILL = {
    EventKind.SOURCE_HELD: SourceState.FAILED,
    EventKind.SOURCE_SUPERSEDED: SourceState.SUPERSEDED,
    EventKind.SUITE_PUBLISHED: SourceState.PUBLISHED,
}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who is told, where, why, and by what that ends."""

    user_id: int | None
    address: str
    because: str
    unsubscribe: str


def tell_uploads(site: Site) -> int:
    """Write the letters on all uploads about which all is decided now; gives how many."""
    written = 0
    open_ones = Notice.objects.filter(told_at=None).order_by("at")
    for notice in open_ones.select_related("event", "upload__signed_by__user"):
        if _is_decided(site, notice):
            # Logs are read before the transaction; it is only entered when nobody else was first.
            letters = [*_letters(site, notice)]
            with transaction.atomic():
                rows = Notice.objects.filter(pk=notice.pk, told_at=None)
                if rows.update(told_at=site.clock()):
                    written += write_down(site, letters)
    return written


def _is_decided(site: Site, notice: Notice) -> bool:
    source = source_of(notice.upload)
    if source is None or site.clock() - notice.at > _PATIENCE:
        return True
    return not source.jobs.filter(binnmu=0, state__in=_MOVING).exists()


def _letters(site: Site, notice: Notice) -> Iterator[NewLetter]:
    kind, upload = EventKind(notice.event.kind), notice.upload
    source = source_of(upload)
    if source is not None and kind in _STILL and source.state != _STILL[kind]:
        return  # somebody has it tried again, so this was not its end
    story = _story(site, kind, upload, source)
    told: set[str] = set()
    for reader in _readers(site, kind, upload):
        if reader.address not in told:
            told.add(reader.address)
            yield _letter(site, notice, story, reader)


def _readers(site: Site, kind: EventKind, upload: Upload) -> Iterator[_Reader]:
    signer = _signer(site, kind, upload)
    if signer is not None:
        yield signer
    # Whoever sends what nobody has signed would otherwise have others mailed by it.
    if kind is EventKind.UPLOAD_REJECTED and not upload.signer_fingerprint:
        return
    repository = upload.distribution.repository.name if upload.distribution is not None else ""
    wanted = list(subscribers(upload.source_name, repository, upload.distribution_name))
    users = get_user_model().objects.in_bulk([user_id for _pk, user_id, wants in wanted])
    own = upload.signed_by.user_id if upload.signed_by is not None else None
    for number, user_id, wants in wanted:
        # Of one's own uploads one's wish on those says whether.
        address = mail.address_of(users[user_id].email)
        if not address or user_id == own or not wants.includes(kind):
            continue
        if _may_see(user_id, upload):
            because = _("You get this since you have subscribed to it.")
            yield _Reader(user_id, address, because, address_to_end(site, SUBSCRIPTION, number))


def _signer(site: Site, kind: EventKind, upload: Upload) -> _Reader | None:
    """Who signed *upload*, by the account or else by the key itself, if they want to hear of it."""
    if kind is not EventKind.UPLOAD_REJECTED and not site.settings.mail.outcomes:
        return None
    key, because = upload.signed_by, _("You get this since you have signed the upload.")
    if key is None:
        address = mail.address_of(upload.signer) if upload.signer_fingerprint else ""
        return _Reader(None, address, because, "") if address else None
    # Nobody has checked what stands in the account; a line feed would stop all mails.
    address = mail.address_of(key.user.email) or mail.address_of(key.uid)
    if not address or not wish_on_own(key.user_id).includes(kind):
        return None
    return _Reader(key.user_id, address, because, address_to_end(site, OWN, key.user_id))


def _may_see(user_id: int, upload: Upload) -> bool:
    with seen_by(lambda: actor_for(user_id)):
        return visible_uploads(Upload.objects.filter(pk=upload.pk)).exists()


def _letter(site: Site, notice: Notice, story: UploadStory, reader: _Reader) -> NewLetter:
    settings, upload = site.settings, notice.upload
    repository = upload.distribution.repository.name if upload.distribution is not None else ""
    whom = reader.user_id if reader.user_id is not None else "signer"
    envelope = mail.Envelope(
        sender=settings.mail.sender,
        recipient=reader.address,
        subject=f"{settings.identity}: {subject_of(story)}",
        host=settings.host,
        name=f"upload.{upload.pk}.{notice.event_id}.{whom}.{settings.identity}",
        thread=f"upload.{upload.pk}.{settings.identity}",
        unsubscribe=reader.unsubscribe,
        list_name=f"{repository or 'uploads'}.{settings.identity}",
        marks={
            "Outcome": story.outcome.value,
            "Package": upload.source_name,
            "Version": upload.version,
            "Distribution": upload.distribution_name,
            "Upload": str(upload.pk),
        },
    )
    text = text_of(story, reader.because, reader.unsubscribe)
    key = f"upload.{upload.pk}.{notice.event_id}.{whom}"
    return NewLetter(key, mail.letter(envelope, text), reader.user_id)


def _story(site: Site, kind: EventKind, upload: Upload, source: Source | None) -> UploadStory:
    url = site.settings.url
    has_suite = source is not None and upload.distribution is not None
    return UploadStory(
        outcome=kind,
        changes_name=upload.changes_name,
        package=upload.source_name,
        version=upload.version,
        distribution=upload.distribution_name,
        url=f"{url}/uploads/{upload.pk}/",
        suite_url=f"{url}/suites/{upload.distribution_name}/" if has_suite else "",
        builds=tuple(_builds(site, source)) if source is not None else (),
        refusal=_refusal(upload) if kind is EventKind.UPLOAD_REJECTED else None,
        news=source.changes if source is not None else "",
    )


def _refusal(upload: Upload) -> Refusal:
    return Refusal(
        code=upload.problem_code,
        title=upload.problem_title,
        expected=upload.expected,
        found=upload.found,
        hint=upload.hint,
        more=tuple(
            f"{each['title']} ({each['code']}): expected {each['expected']}; found {each['found']}"
            for each in upload.more_problems
        ),
    )


def _builds(site: Site, source: Source) -> Iterator[BuildLine]:
    for job in source.jobs.filter(binnmu=0).order_by("architecture").prefetch_related("attempts"):
        yield _build(site, job)


def _build(site: Site, job: Job) -> BuildLine:
    attempt = max(job.attempts.all(), key=lambda each: each.number, default=None)
    state = JobState(job.state)
    seconds = None
    if attempt is not None and attempt.started_at and attempt.finished_at:
        seconds = (attempt.finished_at - attempt.started_at).total_seconds()
    has_failed = state is JobState.FAILED and attempt is not None
    return BuildLine(
        architecture=job.architecture,
        state=state,
        is_optional=job.is_optional,
        seconds=seconds,
        builder=attempt.builder if attempt is not None else "",
        reason=job.reason,
        url=f"{site.settings.url}/builds/{job.pk}/",
        excerpt=tuple(_excerpt(site, attempt.token)) if has_failed and attempt is not None else (),
    )


def _excerpt(site: Site, token: str) -> Iterable[str]:
    """The lines that say why it failed, from the end of its log."""
    try:
        with open_log(site.places.builds / token / "log") as stream:
            start = max(0, stream.seek(0, 2) - _LOG_BYTES)
            stream.seek(start)
            text = stream.read(_LOG_BYTES).decode(errors="replace")
    except OSError:
        return ()
    lines = [plain(line) for line in text.split("\n")]
    return [line.text for line in excerpt(lines[1:] if start else lines)]
