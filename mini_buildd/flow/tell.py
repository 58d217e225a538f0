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
from mini_buildd.db.queries.events import EventRow, list_events_after
from mini_buildd.db.queries.webhooks import filter_of
from mini_buildd.db.visibility import seen_by
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
    cursor, is_new = Cursor.objects.get_or_create(name=_CURSOR)
    if is_new:  # what was before there were receivers is no news to them
        cursor.event_id = Event.objects.aggregate(last=Max("pk"))["last"] or 0
        cursor.save()
    made = 0
    while last := _end_of_part(cursor.event_id):
        made += _tell_part(site, cursor, last)
    return made


def _end_of_part(after: int) -> int | None:
    ids = Event.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
    return max(ids[:_AT_ONCE], default=None)


def _tell_part(site: Site, cursor: Cursor, last: int) -> int:
    """The events up to *last*, at once."""
    found = programs(site)  # looked for outside the transaction
    rows = [*_of_webhooks(site, cursor.event_id, last)]
    sound = [each for each in found if not each.fault]
    if sound:
        rows += _of_programs(site, sound, _events(cursor.event_id, last))
    with transaction.atomic():
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        cursor.event_id = last
        cursor.save()
    return len(rows)


def _of_webhooks(site: Site, after: int, last: int) -> Iterator[Delivery]:
    of_owners: Mapping[int, list[Webhook]] = defaultdict(list)
    for webhook in Webhook.objects.filter(is_active=True, user__is_active=True):
        of_owners[webhook.user_id].append(webhook)
    for user_id, webhooks in of_owners.items():
        with seen_by(lambda user_id=user_id: actor_for(user_id)):  # type: ignore[misc]  # bound now
            events = _events(after, last)
        for webhook in webhooks:
            wanted = filter_of(webhook)
            for row in events:
                is_new = row.id > webhook.after_event
                if is_new and wanted.fits(row.kind, _name(row), row.distribution, row.repository):
                    yield _delivery(site, row, webhook=webhook)


def _of_programs(
    site: Site, found: Iterable[Program], events: Sequence[EventRow]
) -> Iterator[Delivery]:
    for program in found:
        for row in events:
            if program.kind in ("", row.kind.value):
                yield _delivery(site, row, program=program.name)


def _events(after: int, last: int) -> list[EventRow]:
    """Those that whoever looks may see."""
    return [row for row in list_events_after(after, count=_AT_ONCE) if row.id <= last]


def _name(row: EventRow) -> str:
    return row.package.partition(" ")[0]


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
