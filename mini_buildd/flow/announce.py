"""Tell people by mail what became of uploads, and administrators what needs them.

It reads the events and remembers how far it came. What follows from an event is written down in
the same transaction: a notice on an upload, or the letters themselves; so after a crash neither is
forgotten, and none is written twice.
"""

from collections.abc import Iterator

from django.contrib.auth import get_user_model
from django.db import transaction

from mini_buildd.db.models import Cursor, Event, Notice, Publication, Webhook
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.subscription import OUTCOMES
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow.letters import NewLetter, write_down
from mini_buildd.flow.site import Site
from mini_buildd.flow.tell_upload import tell_uploads
from mini_buildd.notify import mail

_CURSOR = "mail"
# What needs an administrator, and the page that tells more.
_ALARMS = {
    EventKind.BUILDER_SET_ASIDE: ("a builder is set aside", "builders/"),
    EventKind.CHROOT_EXPIRES: ("a chroot is too old", "builders/"),
    EventKind.KEY_EXPIRES: ("a key that signs the archive expires", ""),
    EventKind.UPLOADER_KEY_SUBMITTED: ("a key waits for approval", "keys/"),
    EventKind.WEBHOOK_STOPPED: ("a webhook is switched off", "webhooks/"),
}
# What the owner of a key is told.
_OF_KEYS = {
    EventKind.UPLOADER_KEY_APPROVED: "your key is approved, and you can upload",
    EventKind.UPLOADER_KEY_REFUSED: "your key is refused",
    EventKind.UPLOADER_KEY_REVOKED: "your key is revoked, and no upload by it is taken",
    EventKind.UPLOADER_KEY_EXPIRES: "your key expires; prolong it, and give it here again",
}


def announce(site: Site) -> int:
    """Write the letters on what happened since the last time; gives how many."""
    cursor, _ = Cursor.objects.get_or_create(name=_CURSOR)
    kinds = (*_ALARMS, *_OF_KEYS, *OUTCOMES)
    events = Event.objects.filter(kind__in=kinds, id__gt=cursor.event_id)
    written = 0
    rows = events.select_related("upload__signed_by__user", "key__user", "source", "distribution")
    for event in rows.order_by("id"):
        is_told = bool(site.settings.mail.host)
        letters = [*_letters(site, event)] if is_told else []
        with transaction.atomic():
            written += write_down(site, letters)
            if is_told and _is_outcome(event) and event.upload is not None:
                Notice.objects.get_or_create(
                    event=event, defaults={"upload": event.upload, "at": event.at}
                )
            cursor.event_id = event.pk
            cursor.save()
    return written + tell_uploads(site)


def _letters(site: Site, event: Event) -> Iterator[NewLetter]:
    kind = EventKind(event.kind)
    if kind in _OF_KEYS:
        yield from _of_key(site, kind, event)
    # What an administrator gives is approved as it is given, and waits for nobody.
    elif kind in _ALARMS and (event.key is None or event.key.approved_at is None):
        yield from _alarms(site, kind, event)
        if kind is EventKind.WEBHOOK_STOPPED:
            yield from _of_webhook(site, event)


def _is_outcome(event: Event) -> bool:
    """Whether it is the end of an upload, and no migration or rebuild of what came by one."""
    if event.kind == EventKind.UPLOAD_REJECTED:
        return True
    source, distribution = event.source, event.distribution
    if event.kind not in OUTCOMES or source is None or distribution is None:
        return False
    if source.distribution_id != distribution.pk:
        return False
    if event.kind != EventKind.SUITE_PUBLISHED:
        return True
    version = Publication.objects.filter(distribution=distribution, number=event.detail)
    return version.filter(kind=Cause.UPLOAD, cause=source).exists()


def _alarms(site: Site, kind: EventKind, event: Event) -> Iterator[NewLetter]:
    """To all administrators who have an address, once each."""
    what, page = _ALARMS[kind]
    users = get_user_model().objects.filter(is_active=True, is_superuser=True)
    told = set()
    for user in users.order_by("pk"):
        address = mail.address_of(user.email)
        if address and address not in told:
            told.add(address)
            yield _alarm(site, event, (user.pk, address), what, page)


def _of_key(site: Site, kind: EventKind, event: Event) -> Iterator[NewLetter]:
    """To the owner of a key, if there is still one who has an address."""
    key = event.key
    address = key and (mail.address_of(key.user.email) or mail.address_of(key.uid))
    if key is not None and address:
        yield _alarm(site, event, (key.user_id, address), _OF_KEYS[kind], "me/")


def _of_webhook(site: Site, event: Event) -> Iterator[NewLetter]:
    """To whose webhook it is, unless that is an administrator, who is told anyway."""
    number = event.detail.partition(" ")[0]
    if not number.isdecimal():
        return
    row = Webhook.objects.filter(pk=int(number)).select_related("user").first()
    address = mail.address_of(row.user.email) if row is not None and row.user.is_active else ""
    if row is not None and address and not row.user.is_superuser:
        what = "your webhook is switched off"
        yield _alarm(site, event, (row.user_id, address), what, f"webhooks/{row.pk}/")


def _alarm(site: Site, event: Event, whom: tuple[int, str], what: str, page: str) -> NewLetter:
    """A letter to an account and its address."""
    user_id, address = whom
    name = f"event.{event.pk}.{user_id}"
    envelope = mail.Envelope(
        sender=site.settings.mail.sender,
        recipient=address,
        subject=f"{site.settings.identity}: {what}",
        host=site.settings.host,
        name=f"{name}.{site.settings.identity}",
        list_name=f"alarms.{site.settings.identity}",
    )
    made = mail.alarm(envelope, what, event.detail, f"{site.settings.url}/{page}")
    return NewLetter(name, made, user_id)
