"""Approving a key that somebody gave as theirs, or refusing it, also one that was approved."""

from django.db import transaction

from mini_buildd.db.audit import note
from mini_buildd.db.events import record
from mini_buildd.db.models import OpenPGPKey
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import NothingToDo, UploaderKeyUnfit, UploaderKeyUnknown
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site
from mini_buildd.flow.submit_key import KIND, name_of, shown


@tells_full_disk
def approve_key(site: Site, actor: Actor, fingerprint: str) -> list[EventKind]:
    """Let signatures by the key count from now on.

    Raises NotAllowed, UploaderKeyUnknown, UploaderKeyUnfit, NothingToDo.
    """
    demand(actor, Act.APPROVE_KEY)
    at = site.clock()
    with transaction.atomic():
        row = find_key(fingerprint)
        if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= at):
            raise UploaderKeyUnfit(
                expected="a key that is neither revoked nor expired",
                found=f"{row.fingerprint}, which is",
                hint="Its owner can bring it up to date, or give another.",
            )
        if row.approved_at is not None and row.refused_at is None:
            raise _so_already(row, "approved")
        before = shown(row)
        row.approved_at, row.approved_by = at, actor.name
        row.refused_at, row.refused_reason = None, ""
        row.save()
        note(
            actor,
            "approved a key",
            at=at,
            kind=KIND,
            name=name_of(row),
            before=before,
            after=shown(row),
        )
        detail = f"{name_of(row)}, by {actor.name}"
        return [record(EventKind.UPLOADER_KEY_APPROVED, at, key=row, detail=detail)]


@tells_full_disk
def refuse_key(site: Site, actor: Actor, fingerprint: str, reason: str) -> list[EventKind]:
    """Let no signature by the key count, whether it waits or was approved before.

    One that waits is merely not that account's. One that was approved is not trusted any more,
    whoever brings it, until an administrator approves it again. Raises NotAllowed,
    UploaderKeyUnknown, NothingToDo.
    """
    demand(actor, Act.APPROVE_KEY)
    at = site.clock()
    with transaction.atomic():
        row = find_key(fingerprint)
        if row.refused_at is not None:
            raise _so_already(row, "refused")
        before = shown(row)
        row.refused_at, row.refused_reason = at, reason[:500]
        row.save()
        note(
            actor,
            "refused a key",
            at=at,
            kind=KIND,
            name=name_of(row),
            before=before,
            after=shown(row),
        )
        why = f": {reason}" if reason else ""
        detail = f"{name_of(row)}, by {actor.name}{why}"
        return [record(EventKind.UPLOADER_KEY_REFUSED, at, key=row, detail=detail)]


def find_key(fingerprint: str) -> OpenPGPKey:
    """The registered key, for a change of it; raises UploaderKeyUnknown."""
    rows = OpenPGPKey.objects.select_for_update(of=("self",)).select_related("user")
    row = rows.filter(fingerprint=fingerprint.replace(" ", "").upper()).first()
    if row is None:
        raise UploaderKeyUnknown(
            expected="the fingerprint of a key that an account has",
            found=f"“{fingerprint[:80]}”",
            hint="mini-buildd user keys lists them, and so does Settings.",
        )
    return row


def _so_already(row: OpenPGPKey, state: str) -> NothingToDo:
    return NothingToDo(
        expected=f"{row.fingerprint} not to be {state}",
        found=f"that it is {state}",
        hint="There is nothing to do.",
    )
