"""Tell signers by mail what became of their upload, and administrators what needs them.

It reads the events and remembers how far it came, so a restart neither forgets nor repeats more
than the one mail that was under way.
"""

import logging
import smtplib
from email.message import EmailMessage

from django.contrib.auth import get_user_model

from mini_buildd.db.models import Cursor, Event, Publication, Upload
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow.site import Site
from mini_buildd.notify import mail

_log = logging.getLogger(__name__)

_CURSOR = "mail"
# What needs an administrator, and the page that tells more.
_ALARMS = {
    EventKind.BUILDER_SET_ASIDE: ("a builder is set aside", "builders/"),
    EventKind.CHROOT_EXPIRES: ("a chroot is too old", "builders/"),
    EventKind.KEY_EXPIRES: ("a key that signs the archive expires", ""),
    EventKind.UPLOADER_KEY_SUBMITTED: ("a key waits for approval", "keys/"),
}
# What the owner of a key is told.
_OF_KEYS = {
    EventKind.UPLOADER_KEY_APPROVED: "your key is approved, and you can upload",
    EventKind.UPLOADER_KEY_REFUSED: "your key is refused",
    EventKind.UPLOADER_KEY_REVOKED: "your key is revoked, and no upload by it is taken",
    EventKind.UPLOADER_KEY_EXPIRES: "your key expires; prolong it, and give it here again",
}
# How an upload ends, once it is accepted.
_OUTCOMES = {
    EventKind.SOURCE_HELD: "is not published, since a build of it failed",
    EventKind.SOURCE_SUPERSEDED: "is superseded by a later version",
    EventKind.SUITE_PUBLISHED: "is published",
}
_REFUSED_FOR_GOOD = 500  # RFC 5321, 4.2.1: permanent negative replies


def announce(site: Site) -> int:
    """Mail what happened since the last time; returns the number of mails.

    Raises OSError or smtplib.SMTPException when the mail server does not take one; it is tried
    again the next time.
    """
    cursor, _ = Cursor.objects.get_or_create(name=_CURSOR)
    kinds = (EventKind.UPLOAD_REJECTED, *_ALARMS, *_OF_KEYS, *_OUTCOMES)
    events = Event.objects.filter(kind__in=kinds, id__gt=cursor.event_id)
    sent = 0
    rows = events.select_related("upload__signed_by__user", "key__user", "source", "distribution")
    for event in rows.order_by("id"):
        message = _message(site, event) if site.settings.mail.host else None
        if message is not None:
            sent += _send(site, message)
        cursor.event_id = event.pk
        cursor.save()
    return sent


def _message(site: Site, event: Event) -> EmailMessage | None:
    kind = EventKind(event.kind)
    if kind in _OF_KEYS:
        return _compose_of_key(site, kind, event)
    if kind in _ALARMS:
        # What an administrator gives is approved as it is given, and waits for nobody.
        is_waiting = event.key is None or event.key.approved_at is None
        return _compose_alarm(site, kind, event.detail) if is_waiting else None
    if kind in _OUTCOMES:
        return _compose_outcome(site, kind, event) if _is_outcome(event) else None
    return _compose(site, event.upload) if event.upload is not None else None


def _is_outcome(event: Event) -> bool:
    """Whether it is the end of an upload, and no migration or rebuild of what came by one."""
    source, distribution = event.source, event.distribution
    if source is None or distribution is None or source.distribution_id != distribution.pk:
        return False
    if event.kind != EventKind.SUITE_PUBLISHED:
        return True
    version = Publication.objects.filter(distribution=distribution, number=event.detail)
    return version.filter(kind=Cause.UPLOAD, cause=source).exists()


def _compose_outcome(site: Site, kind: EventKind, event: Event) -> EmailMessage | None:
    """The mail to the signer on what became of an accepted upload in the end."""
    upload, source = event.upload, event.source
    recipient = _address_of_signer(upload) if upload is not None else ""
    if not recipient or upload is None or source is None or not site.settings.mail.outcomes:
        return None
    jobs = source.jobs.filter(binnmu=0).order_by("architecture")
    reasons = ((job, f": {job.reason}" if job.reason else "") for job in jobs)
    return mail.alarm(
        sender=site.settings.mail.sender,
        recipients=[recipient],
        identity=site.settings.identity,
        what=f"{source.name} {source.version} {_OUTCOMES[kind]} in {event.distribution}"
        if kind is EventKind.SUITE_PUBLISHED
        else f"{source.name} {source.version} for {event.distribution} {_OUTCOMES[kind]}",
        detail="\n".join(f"{job.architecture}: {job.state}{reason}" for job, reason in reasons),
        url=f"{site.settings.url}/uploads/{upload.pk}/",
    )


def _compose_alarm(site: Site, kind: EventKind, detail: str) -> EmailMessage | None:
    """The mail to all administrators who have an address."""
    users = get_user_model().objects.filter(is_active=True, is_superuser=True)
    addresses = map(mail.address_of, users.order_by("pk").values_list("email", flat=True))
    recipients = list(dict.fromkeys(filter(None, addresses)))
    if not recipients:
        return None
    what, page = _ALARMS[kind]
    return mail.alarm(
        sender=site.settings.mail.sender,
        recipients=recipients,
        identity=site.settings.identity,
        what=what,
        detail=detail,
        url=f"{site.settings.url}/{page}",
    )


def _compose_of_key(site: Site, kind: EventKind, event: Event) -> EmailMessage | None:
    """The mail to the owner of a key, if there is still one who has an address."""
    key = event.key
    recipient = key and (mail.address_of(key.user.email) or mail.address_of(key.uid))
    if not recipient:
        return None
    return mail.alarm(
        sender=site.settings.mail.sender,
        recipients=[recipient],
        identity=site.settings.identity,
        what=_OF_KEYS[kind],
        detail=event.detail,
        url=f"{site.settings.url}/me/",
    )


def _send(site: Site, message: EmailMessage) -> int:
    """1 when it was taken, 0 when the server refuses it for good, which holds no other up."""
    try:
        mail.send(site.settings.mail, message)
    except smtplib.SMTPRecipientsRefused as refusal:
        codes = [code for code, _ in refusal.recipients.values()]
        if any(code < _REFUSED_FOR_GOOD for code in codes):
            raise
        _log.warning("no mail to %s: the server refuses it: %s", message["To"], refusal)
        return 0
    except smtplib.SMTPResponseException as answer:
        if answer.smtp_code < _REFUSED_FOR_GOOD:
            raise
        _log.warning("no mail to %s: the server refuses it: %s", message["To"], answer)
        return 0
    return 1


def _compose(site: Site, upload: Upload) -> EmailMessage | None:
    """The mail to the signer, whom the key gives that signed; an unknown one gets none."""
    recipient = _address_of_signer(upload)
    if not recipient:
        return None
    return mail.rejection(
        sender=site.settings.mail.sender,
        recipient=recipient,
        changes_name=upload.changes_name,
        code=upload.problem_code,
        title=upload.problem_title,
        expected=upload.expected,
        found=upload.found,
        hint=upload.hint,
        url=f"{site.settings.url}/uploads/{upload.pk}/",
        more=[
            f"{each['title']} ({each['code']}): expected {each['expected']}; found {each['found']}"
            for each in upload.more_problems
        ],
    )


def _address_of_signer(upload: Upload) -> str:
    """Where mail reaches who signed *upload*, by the account or else by the key itself."""
    key = upload.signed_by
    if key is not None:
        # Nobody has checked what stands in the account; a line feed would stop all mails.
        return mail.address_of(key.user.email) or mail.address_of(key.uid)
    return mail.address_of(upload.signer) if upload.signer_fingerprint else ""
