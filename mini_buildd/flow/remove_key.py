"""Taking a key of one's own away; what it has signed keeps its name."""

from django.db import transaction

from mini_buildd.db.audit import note
from mini_buildd.db.events import record
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import UploaderKeyUnfit
from mini_buildd.flow.approve_key import find_key
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site
from mini_buildd.flow.submit_key import KIND, is_distrusted, name_of, shown


@tells_full_disk
def remove_key(site: Site, actor: Actor, fingerprint: str) -> list[EventKind]:
    """Forget the key; raises NotAllowed, UploaderKeyUnknown, UploaderKeyUnfit.

    One that is revoked, was switched off, or was refused after it was approved, is remembered, lest
    it should come in again by a keyring or another account; only an administrator can let that go.
    """
    at = site.clock()
    if not actor.name:
        demand(actor, Act.ADD_KEY)
    with transaction.atomic():
        row = find_key(fingerprint)
        demand(actor, Act.ADD_KEY, owner=row.user.get_username())
        if is_distrusted(row) and not actor.is_admin:
            raise UploaderKeyUnfit(
                expected="a key that was not revoked, switched off or withdrawn",
                found=f"{row.fingerprint}, which was",
                hint="It is remembered, so that nobody lets it in by mistake. Nothing signed by "
                "it is taken.",
            )
        note(actor, "removed a key", at=at, kind=KIND, name=name_of(row), before=shown(row))
        event = record(EventKind.UPLOADER_KEY_REMOVED, at, detail=name_of(row))
        row.delete()
        return [event]
