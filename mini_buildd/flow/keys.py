"""The archive's keys: rotating, retiring, and telling in time that one runs out.

A new key signs beside the old one, so that nobody is cut off: clients that have only the old key
go on, and take up the new one from the keyring package or the .sources snippet. Once they have,
the old key is retired.
"""

from pathlib import Path

from django.db import transaction

from mini_buildd.archive.sign import Signer
from mini_buildd.config.places import Places
from mini_buildd.db.audit import note
from mini_buildd.db.events import record
from mini_buildd.db.models import Event
from mini_buildd.deb.names import Fingerprint
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.key_expiry import RunningOut, running_out
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import KeyIsLast, KeyUnknown
from mini_buildd.flow.site import Site
from mini_buildd.keys import archive_keys
from mini_buildd.keys.archive_keys import ArchiveKeys, LastSigningKey, UnknownSigningKey
from mini_buildd.kit.clock import Clock


def signer_of(home: Path) -> Signer:
    """Signing by the keys in the GnuPG folder *home*."""
    keys = ArchiveKeys(home)
    return Signer(keys.clearsign, keys.sign_detached, keys.public_key, keys.fingerprints)


def rotate(places: Places, identity: str, *, clock: Clock, by: Actor) -> list[EventKind]:
    """Make a new key; it signs at once, beside those that sign already. Raises NotAllowed."""
    demand(by, Act.CONFIGURE)
    made = archive_keys.rotate(places.gnupg, identity)
    with transaction.atomic():
        note(by, "made the signing key", at=clock(), kind="archive key", name=made)
        return [record(EventKind.KEY_ROTATED, clock(), detail=f"{made} signs, by {by.name}")]


def retire(places: Places, fingerprint: Fingerprint, *, clock: Clock, by: Actor) -> list[EventKind]:
    """Let a key sign no more; raises NotAllowed, KeyUnknown, KeyIsLast.

    No event when it did not sign.
    """
    demand(by, Act.CONFIGURE)
    try:
        if not archive_keys.retire(places.gnupg, fingerprint):
            return []
    except UnknownSigningKey:
        listed = ", ".join(ArchiveKeys(places.gnupg).fingerprints())
        raise KeyUnknown(
            expected=f"one of: {listed or 'none was made yet'}",
            found=fingerprint,
            hint="See which keys sign: mini-buildd key list",
        ) from None
    except LastSigningKey:
        raise KeyIsLast(
            expected="a key beside which another valid one signs",
            found=f"{fingerprint}, without which nothing could be signed",
            hint="Make a new key first: mini-buildd key rotate",
        ) from None
    with transaction.atomic():
        note(by, "retired the signing key", at=clock(), kind="archive key", name=fingerprint)
        detail = f"{fingerprint} signs no more, by {by.name}"
        return [record(EventKind.KEY_RETIRED, clock(), detail=detail)]


def watch_keys(site: Site) -> list[EventKind]:
    """Tell of the keys that run out: once a key for each of domain.key_expiry.WARN_DAYS."""
    ending = running_out(ArchiveKeys(site.places.gnupg).listing(), site.clock())
    told = Event.objects.filter(kind=EventKind.KEY_EXPIRES)
    return [
        record(EventKind.KEY_EXPIRES, site.clock(), detail=f"{_say(key)}: {key.next_step}")
        for key in ending
        if not told.filter(detail__startswith=_say(key)).exists()
    ]


def _say(key: RunningOut) -> str:
    """The same text for the same key and threshold, by which one sees that it was told."""
    when = f"expires in less than {key.within_days} days" if key.within_days else "has expired"
    return f"{key.fingerprint} {when}, on {key.expires_at:%Y-%m-%d}"
