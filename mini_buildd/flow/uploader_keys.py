"""Telling the owners of keys in time that these expire: once for each of the days of warning."""

from datetime import timedelta

from mini_buildd.db.events import record
from mini_buildd.db.models import Event, OpenPGPKey
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.key_expiry import OWNER_WARN_DAYS, days_left
from mini_buildd.domain.permission import SELF
from mini_buildd.flow.site import Site
from mini_buildd.keys.gpg import GnupgFailed
from mini_buildd.keys.public_key import read_public_key


def watch_uploader_keys(site: Site) -> list[EventKind]:
    """Tell of the approved keys that expire soon."""
    _read_ends(site)
    at = site.clock()
    far = at + timedelta(days=max(OWNER_WARN_DAYS))
    rows = OpenPGPKey.objects.filter(
        is_active=True,
        approved_at__isnull=False,
        refused_at=None,
        revoked_at=None,
        user__is_active=True,
        expires_at__gt=at,
        expires_at__lte=far,
    ).order_by("pk")
    told = Event.objects.filter(kind=EventKind.UPLOADER_KEY_EXPIRES)
    events = []
    for row in rows.select_related("user"):
        text = _say(row, days_left(row.expires_at or far, at, OWNER_WARN_DAYS))
        if not told.filter(key=row, detail=text).exists():
            events.append(record(EventKind.UPLOADER_KEY_EXPIRES, at, key=row, detail=text))
    return events


def _read_ends(site: Site) -> None:
    """Note when keys end that were here before that was noted, and came to accounts by migration.

    Of those without an end this asks gpg each time; there are few.
    """
    rows = OpenPGPKey.objects.filter(expires_at=None, approved_by=SELF.name)
    for row in rows:
        try:
            key = read_public_key(row.armored, site.places.keyrings)
        except GnupgFailed:
            continue  # it verifies nothing either
        if key.expires_at is not None:
            there = rows.filter(pk=row.pk, armored=row.armored)
            there.update(expires_at=key.expires_at)


def _say(row: OpenPGPKey, days: int | None) -> str:
    """The same text for the same key, end and threshold, by which one sees that it was told."""
    left = "a day" if days == 1 else f"{days} days"
    return (
        f"{row.user.get_username()}: {row.fingerprint} expires in less than {left}, "
        f"on {row.expires_at:%Y-%m-%d}"
    )
