"""Webhooks and their deliveries, as their owners see them: never the secrets."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from mini_buildd.db.models import Delivery, Event, Webhook
from mini_buildd.db.queries.page import Page, page
from mini_buildd.db.visibility import visible_events
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.webhook import DeliveryState, Filter


@dataclass(frozen=True, slots=True)
class TryRow:
    """One try at a delivery; *status* is None when nobody answered."""

    at: datetime
    status: int | None
    seconds: float
    said: str


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery; *body* is what is sent, *tries* the latest ones, the newest first."""

    id: int
    token: str
    webhook_id: int | None
    program: str
    event_id: int | None
    kind: str
    state: DeliveryState
    made_at: datetime
    due_at: datetime
    count: int
    tries: tuple[TryRow, ...]
    body: str

    @property
    def last(self) -> TryRow | None:
        """The latest try."""
        return self.tries[0] if self.tries else None


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook of *owner*; *failures* are those in a row, *waiting* deliveries to come."""

    id: int
    owner: str
    name: str
    url: str
    wanted: Filter
    made_at: datetime
    is_active: bool
    stopped_reason: str
    failures: int
    failing_since: datetime | None
    rests_until: datetime | None
    old_secret_until: datetime | None
    waiting: int = 0

    @property
    def host(self) -> str:
        """Where it goes, without what may be secret in the path."""
        return "/".join(self.url.split("/", 3)[:3])


def filter_of(webhook: Webhook) -> Filter:
    """Which events *webhook* wants; kinds that there are no more are left out."""
    known = {kind.value for kind in EventKind}
    kinds = frozenset(EventKind(name) for name in webhook.kinds.split() if name in known)
    return Filter(kinds, webhook.package, webhook.distribution, webhook.repository)


def webhook_row(webhook: Webhook) -> WebhookRow:
    """*webhook* as a row."""
    return WebhookRow(
        id=webhook.pk,
        owner=webhook.user.get_username(),
        name=webhook.name,
        url=webhook.url,
        wanted=filter_of(webhook),
        made_at=webhook.made_at,
        is_active=webhook.is_active,
        stopped_reason=webhook.stopped_reason,
        failures=webhook.failures,
        failing_since=webhook.failing_since,
        rests_until=webhook.rests_until,
        old_secret_until=webhook.old_secret_until,
        waiting=getattr(webhook, "waiting", 0),
    )


def _webhooks() -> QuerySet[Webhook]:
    waiting = Count("deliveries", filter=Q(deliveries__state=DeliveryState.WAITING))
    return Webhook.objects.select_related("user").annotate(waiting=waiting)


def list_webhooks(owner: str = "") -> tuple[WebhookRow, ...]:
    """The webhooks of the account *owner*, or all of them."""
    rows = _webhooks().filter(user__username=owner) if owner else _webhooks()
    return tuple(map(webhook_row, rows.order_by("pk")))


def find_webhook(number: int) -> WebhookRow | None:
    """The webhook of that number."""
    row = _webhooks().filter(pk=number).first()
    return webhook_row(row) if row is not None else None


def delivery_row(row: Delivery) -> DeliveryRow:
    """*row* with its tries, the newest first."""
    tries = tuple(
        TryRow(datetime.fromisoformat(at), status, seconds, said)
        for at, status, seconds, said in reversed(row.log)
    )
    return DeliveryRow(
        id=row.pk,
        token=row.token,
        webhook_id=row.webhook_id,
        program=row.program,
        event_id=row.event_id,
        kind=row.kind,
        state=DeliveryState(row.state),
        made_at=row.made_at,
        due_at=row.due_at,
        count=row.tries,
        tries=tries,
        body=row.body,
    )


def list_deliveries(
    webhook_id: int | None,
    program: str = "",
    *,
    state: DeliveryState | None = None,
    before: int | None = None,
    count: int = 50,
) -> Page[DeliveryRow]:
    """A page of what one webhook, or else one program, was told, the newest first.

    What whoever looks may not see any more has no body.
    """
    rows = Delivery.objects.filter(webhook=webhook_id, program=program)
    if state is not None:
        rows = rows.filter(state=state)
    found = page(rows, delivery_row, before, count)
    events = Event.objects.filter(pk__in=[row.event_id for row in found.rows if row.event_id])
    seen = frozenset(visible_events(events).values_list("pk", flat=True))
    shown = (
        row if row.event_id is None or row.event_id in seen else replace(row, body="")
        for row in found.rows
    )
    return replace(found, rows=tuple(shown))


def failed_of_programs() -> dict[str, int]:
    """How many runs have failed for good, by program; of those that the history still has."""
    rows = Delivery.objects.filter(webhook=None, state=DeliveryState.FAILED).order_by()
    return dict(rows.values_list("program").annotate(count=Count("pk")))
