"""Giving a key of one's own: a new one waits for approval, a later export brings one up to date.

Exports are merged, as gpg merges them. What is revoked stays so, whatever comes afterwards.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from mini_buildd.db.audit import note, state_of
from mini_buildd.db.events import record
from mini_buildd.db.models import OpenPGPKey
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import Act, Actor, demand, may
from mini_buildd.domain.problem import UploaderKeyTaken, UploaderKeyUnfit
from mini_buildd.flow.account import find_account
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site
from mini_buildd.keys.gpg import GnupgFailed
from mini_buildd.keys.public_key import PublicKey, read_public_key

# Of Debian's developers, with all that others have signed, a few keys have half of it.
_MAX_BYTES = 2 << 20
_MOST = 50
KIND = "OpenPGP key"


@tells_full_disk
def submit_key(site: Site, actor: Actor, account: str, armored: str) -> list[EventKind]:
    """Take the armored public key as one of *account*'s; what an administrator gives is approved.

    Raises NotAllowed, AccountUnknown, UploaderKeyUnfit, UploaderKeyTaken.
    """
    demand(actor, Act.ADD_KEY, owner=account)
    user = find_account(account)
    given = read_key(site, armored)
    while True:
        row = OpenPGPKey.objects.filter(fingerprint=given.fingerprint).first()
        if row is None or (row.user_id != user.pk and _is_free(row)):
            check_fit(given, site.clock())
            return _add(site, actor, user, given)
        if row.user_id != user.pk:
            raise _taken(given)
        key = read_key(site, armored, older=row.armored)
        events = _bring_up_to_date(site, actor, row, key)
        if events is not None:
            return events  # otherwise somebody else did it meanwhile, and theirs is merged too


def read_key(site: Site, armored: str, *, older: str = "") -> PublicKey:
    """The key in *armored*, merged with the *older* export of it; raises UploaderKeyUnfit."""
    if len(armored) > _MAX_BYTES:
        raise _no_key(f"more than {_MAX_BYTES >> 20} MiB")
    try:
        return read_public_key(armored, site.places.keyrings, older=older)
    except GnupgFailed as error:
        raise _no_key(str(error)) from None


def _no_key(found: str) -> UploaderKeyUnfit:
    return UploaderKeyUnfit(
        expected="one armored OpenPGP public key",
        found=found,
        hint="Export it: gpg --armor --export --export-options export-minimal KEY",
    )


def check_fit(key: PublicKey, at: datetime) -> None:
    """That *key* can sign uploads at that time; raises UploaderKeyUnfit."""
    if key.is_revoked:
        fault, hint = "that it is revoked", "Make a new key; this one is over for good."
    elif not key.can_sign:
        fault, hint = "that it cannot sign", "Add a subkey that signs: gpg --quick-add-key"
    elif key.weak:
        fault, hint = key.weak, "Make a new key: gpg --quick-generate-key ADDRESS ed25519"
    elif key.expires_at is not None and key.expires_at <= at:
        fault = f"that it expired on {key.expires_at:%Y-%m-%d}"
        hint = "Prolong it, and export it again: gpg --quick-set-expire KEY 2y"
    else:
        return
    raise UploaderKeyUnfit(
        expected="a key that signs, by an algorithm that is not weak, and has not ended",
        found=f"{fault} ({key.fingerprint})",
        hint=hint,
    )


def is_distrusted(row: OpenPGPKey) -> bool:
    """Whether the key counts no more, whoever brings it.

    It is revoked, or was switched off, or its approval was withdrawn.
    """
    is_withdrawn = row.refused_at is not None and row.approved_at is not None
    return row.revoked_at is not None or not row.is_active or is_withdrawn


def _too_many(account: str) -> UploaderKeyUnfit:
    return UploaderKeyUnfit(
        expected=f"fewer than {_MOST} keys of an account",
        found=f"that {account} has so many",
        hint="Remove those that are not used.",
    )


def _is_free(row: OpenPGPKey) -> bool:
    """Whether another account may give it: it was never this one's."""
    return row.refused_at is not None and not is_distrusted(row)


def _taken(key: PublicKey) -> UploaderKeyTaken:
    return UploaderKeyTaken(
        expected="a key that no other account has given",
        found=f"{key.fingerprint}, which another has",
        hint="Ask an administrator, who can refuse it there, if it is yours.",
    )


def _add(site: Site, actor: Actor, user: Any, key: PublicKey) -> list[EventKind]:
    """The row of a new key; it takes the place of one that was refused to somebody else."""
    at, is_approved = site.clock(), may(actor, Act.APPROVE_KEY)
    with transaction.atomic():
        if user.openpgp_keys.count() >= _MOST:
            raise _too_many(user.get_username())
        rows = OpenPGPKey.objects.select_for_update(of=("self",))
        there = rows.filter(fingerprint=key.fingerprint).exclude(user=user)
        for other in filter(_is_free, there):
            other.delete()
        row, is_new = OpenPGPKey.objects.get_or_create(
            fingerprint=key.fingerprint,
            defaults={
                "user": user,
                "uid": key.user_id[:300],
                "armored": key.armored,
                "added_at": at,
                "expires_at": key.expires_at,
                "approved_at": at if is_approved else None,
                "approved_by": actor.name if is_approved else "",
            },
        )
        if not is_new:  # by somebody who was faster
            if row.user_id != user.pk:
                raise _taken(key)
            return []
        note(actor, "gave a key", at=at, kind=KIND, name=name_of(row), after=shown(row))
        kind = EventKind.UPLOADER_KEY_SUBMITTED
        events = [record(kind, at, key=row, detail=name_of(row))]
        if is_approved:
            approved = EventKind.UPLOADER_KEY_APPROVED
            events.append(record(approved, at, key=row, detail=f"{name_of(row)}, by {actor.name}"))
        return events


def _bring_up_to_date(
    site: Site, actor: Actor, row: OpenPGPKey, key: PublicKey
) -> list[EventKind] | None:
    """*row* as *key* is now; None when it is not any more as it was when that was merged."""
    at, before = site.clock(), shown(row)
    if not key.is_revoked:
        check_fit(key, at)
    if len(key.armored) > _MAX_BYTES and (row.revoked_at is not None or not key.is_revoked):
        # Of each key, one revocation is heard however large it is.
        raise _no_key(f"more than {_MAX_BYTES >> 20} MiB, together with what was given before")
    with transaction.atomic():
        there = OpenPGPKey.objects.select_for_update().filter(pk=row.pk, armored=row.armored)
        if not there.exists():
            return None
        row.armored, row.uid, row.expires_at = key.armored, key.user_id[:300], key.expires_at
        kind = EventKind.UPLOADER_KEY_UPDATED
        if key.is_revoked and row.revoked_at is None:
            row.revoked_at, kind = at, EventKind.UPLOADER_KEY_REVOKED
        elif row.refused_at is not None and not is_distrusted(row):
            row.refused_at, row.refused_reason = None, ""  # it waits again
            kind = EventKind.UPLOADER_KEY_SUBMITTED
        row.save()
        note(
            actor,
            "updated a key",
            at=at,
            kind=KIND,
            name=name_of(row),
            before=before,
            after=shown(row),
        )
        return [record(kind, at, key=row, detail=name_of(row))]


def shown(row: OpenPGPKey) -> dict[str, Any]:
    """What the audit log keeps of *row*: all but the text of the key."""
    return {name: value for name, value in state_of(row).items() if name != "armored"}


def name_of(row: OpenPGPKey) -> str:
    """The account and its key, in words of the events."""
    return f"{row.user.get_username()}: {row.fingerprint}"
