"""Whom an event is to be told: read the events, and write down each delivery that follows.

The deliveries of an event and how far the reading has come are one transaction, so a crash loses
no event, and none is told twice to one receiver for that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db import transaction
from django.db.models import Max

from mini_buildd.db.actors import actor_for
from mini_buildd.db.models import Cursor, Delivery, Event, Webhook
from mini_buildd.db.queries.events import list_events_after
from mini_buildd.db.queries.webhooks import filter_of
from mini_buildd.db.visibility import hidden_from
from mini_buildd.domain.event_row import EventRow
from mini_buildd.domain.webhook import DeliveryState
from mini_buildd.flow.site import Site
from mini_buildd.flow.told import event_body, new_token
from mini_buildd.notify.program import Program, find_programs

_CURSOR = "deliveries"
_AT_ONCE = 500


def programs(site: Site) -> tuple[Program, ...]:
    """The administrator's programs for events."""
    return find_programs(site.settings.hooks.folder_in(site.settings.home))


def tell(site: Site) -> int:
    """Write down what is to be told since the last time; gives how many deliveries."""
    cursor = _cursor()
    made = 0
    while last := _end_of_part(cursor.event_id):
        made += _tell_part(site, cursor, last)
    return made


def _cursor() -> Cursor:
    """How far it has come; what was before there were receivers is no news to them."""
    found = Cursor.objects.filter(name=_CURSOR).first()
    if (
        found is None
    ):  # at once with where it begins, or who is killed in between tells all that was
        last = Event.objects.aggregate(last=Max("pk"))["last"] or 0
        found = Cursor.objects.create(name=_CURSOR, event_id=last)
    return found


def _end_of_part(after: int) -> int | None:
    ids = Event.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
    return max(ids[:_AT_ONCE], default=None)


def _tell_part(site: Site, cursor: Cursor, last: int) -> int:
    """The events up to *last*, at once."""
    events = [row for row in list_events_after(cursor.event_id, count=_AT_ONCE) if row.id <= last]
    sound = [each for each in programs(site) if not each.fault]
    rows = [*_of_webhooks(site, events), *_of_programs(site, sound, events)]
    with transaction.atomic():
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        cursor.event_id = last
        cursor.save()
    return len(rows)


def _of_webhooks(site: Site, events: Sequence[EventRow]) -> Iterator[Delivery]:
    """Each is told what its owner may see at this moment."""
    of_owners: Mapping[int, list[Webhook]] = defaultdict(list)
    for webhook in Webhook.objects.filter(is_active=True, user__is_active=True):
        of_owners[webhook.user_id].append(webhook)
    for user_id, webhooks in of_owners.items():
        actor = actor_for(user_id)
        unseen = hidden_from(actor)
        seen = [
            row
            for row in events
            if row.may_be_seen(actor.name, is_admin=actor.is_admin, hidden=unseen)
        ]
        for webhook in webhooks:
            wanted = filter_of(webhook)
            for row in seen:
                is_new = row.id > webhook.after_event
                if is_new and wanted.fits(row.kind, row.source, row.distribution, row.repository):
                    yield _delivery(site, row, webhook=webhook)


def _of_programs(
    site: Site, found: Iterable[Program], events: Sequence[EventRow]
) -> Iterator[Delivery]:
    for program in found:
        for row in events:
            if program.kind in ("", row.kind.value):
                yield _delivery(site, row, program=program.name)


def _delivery(
    site: Site, row: EventRow, *, webhook: Webhook | None = None, program: str = ""
) -> Delivery:
    at = site.clock()
    return Delivery(
        token=new_token(),
        webhook=webhook,
        program=program,
        event_id=row.id,
        kind=row.kind,
        body=event_body(site, row),
        state=DeliveryState.WAITING,
        made_at=at,
        due_at=at,
    )
