"""Webhooks of accounts: make, switch, remove, try one out, and send again what was not taken.

The secret is shown to who made it, once. It is kept, since it signs; so neither pages nor API nor
the audit log ever tell it.
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Max

from mini_buildd.db.audit import Values, note, state_of
from mini_buildd.db.models import Delivery, Event, Webhook
from mini_buildd.db.queries.webhooks import DeliveryRow, WebhookRow, delivery_row, webhook_row
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import DeliveryUnknown, WebhookImpossible, WebhookUnknown
from mini_buildd.domain.webhook import (
    MOST_OF_AN_ACCOUNT,
    PING,
    SECRET_BYTES,
    SECRET_PREFIX,
    DeliveryState,
    WebhookWish,
)
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site
from mini_buildd.flow.told import new_token, ping_body

_OLD_SECRET_COUNTS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook with its *secret*, which nobody can be shown again."""

    row: WebhookRow
    secret: str


def new_secret() -> str:
    """What a webhook signs with."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


@tells_full_disk
def make_webhook(site: Site, actor: Actor, owner: str, wish: WebhookWish) -> NewWebhook:
    """A webhook of the account *owner*, which is told what that one may see from now on.

    Raises NotAllowed, WebhookImpossible.
    """
    demand(actor, Act.KEEP_WEBHOOK, owner=owner)
    secret = new_secret()
    with transaction.atomic():
        user = get_user_model().objects.filter(username=owner, is_active=True).first()
        if user is None:
            raise WebhookImpossible(
                expected="the name of an account that may sign in",
                found=owner,
                hint="Accounts are made in Settings.",
            )
        if Webhook.objects.filter(user=user).count() >= MOST_OF_AN_ACCOUNT:
            raise WebhookImpossible(
                expected=f"at most {MOST_OF_AN_ACCOUNT} webhooks of an account",
                found="one more",
                hint="Remove one that is not needed any more.",
            )
        row = Webhook.objects.create(
            user=user,
            name=wish.name,
            url=wish.url,
            secret=secret,
            kinds=" ".join(sorted(wish.wanted.kinds)),
            package=wish.wanted.package,
            distribution=wish.wanted.distribution,
            repository=wish.wanted.repository,
            made_at=site.clock(),
            after_event=Event.objects.aggregate(last=Max("pk"))["last"] or 0,
        )
        _note(site, actor, "made a webhook", row, {})
    return NewWebhook(webhook_row(row), secret)


@tells_full_disk
def switch_webhook(site: Site, actor: Actor, number: int, *, is_on: bool) -> WebhookRow:
    """Let a webhook rest, or go on; what happened while it rested is not sent afterwards."""
    with transaction.atomic():
        row = _find(actor, number)
        before = state_of(row)
        if row.is_active != is_on:
            row.is_active, row.stopped_reason = is_on, ""
            row.failures, row.failing_since, row.rests_until = 0, None, None
            row.after_event = Event.objects.aggregate(last=Max("pk"))["last"] or 0
            row.save()
            _note(site, actor, f"switched {'on' if is_on else 'off'} a webhook", row, before)
    return webhook_row(row)


@tells_full_disk
def renew_secret(site: Site, actor: Actor, number: int) -> NewWebhook:
    """Another secret; for a day all is signed with the one before as well."""
    with transaction.atomic():
        row = _find(actor, number)
        before = state_of(row)
        row.old_secret, row.old_secret_until = row.secret, site.clock() + _OLD_SECRET_COUNTS
        row.secret = new_secret()
        row.save()
        _note(site, actor, "renewed the secret of a webhook", row, before)
    return NewWebhook(webhook_row(row), row.secret)


@tells_full_disk
def remove_webhook(site: Site, actor: Actor, number: int) -> None:
    """Forget a webhook, and what it was told."""
    with transaction.atomic():
        row = _find(actor, number)
        _note(site, actor, "removed a webhook", row, state_of(row), is_gone=True)
        row.delete()


@tells_full_disk
def ping(site: Site, actor: Actor, number: int) -> DeliveryRow:
    """Send something that is no event, now: whether it arrives stands in the history."""
    with transaction.atomic():
        row = _find(actor, number)
        _demand_on(row)
        at = site.clock()
        made = Delivery.objects.create(
            token=new_token(),
            webhook=row,
            kind=PING,
            body=ping_body(site, at),
            state=DeliveryState.WAITING,
            made_at=at,
            due_at=at,
        )
        _let_go_on(row)
    return delivery_row(made)


@tells_full_disk
def replay(site: Site, actor: Actor, number: int, delivery_id: int) -> DeliveryRow:
    """Send one delivery once more, as it was, with its id; raises DeliveryUnknown."""
    with transaction.atomic():
        row = _find(actor, number)
        _demand_on(row)
        found = Delivery.objects.filter(webhook=row, pk=delivery_id).first()
        if found is None:
            raise DeliveryUnknown(
                expected="the number of a delivery of this webhook",
                found=str(delivery_id),
                hint="The history of the webhook tells those that are kept.",
            )
        found.state, found.due_at, found.tries = DeliveryState.WAITING, site.clock(), 0
        found.save(update_fields=["state", "due_at", "tries"])
        _let_go_on(row)
    return delivery_row(found)


@tells_full_disk
def replay_since(
    site: Site, actor: Actor, number: int, since: datetime, *, only_failed: bool = False
) -> int:
    """Send all once more that was to be told since then; gives how many there are."""
    with transaction.atomic():
        row = _find(actor, number)
        _demand_on(row)
        rows = Delivery.objects.filter(webhook=row, made_at__gte=since)
        rows = rows.filter(state=DeliveryState.FAILED) if only_failed else rows
        count = rows.update(state=DeliveryState.WAITING, due_at=site.clock(), tries=0)
        _let_go_on(row)
    return count


def _find(actor: Actor, number: int) -> Webhook:
    """The webhook, which *actor* may deal with; another's is as one that is not there."""
    rows = Webhook.objects.select_for_update(of=("self",)).select_related("user")
    row = rows.filter(pk=number).first()
    owner = row.user.get_username() if row is not None else ""
    if row is None or not (actor.is_admin or owner == actor.name):
        demand(actor, Act.KEEP_WEBHOOK, owner=actor.name)
        raise WebhookUnknown(
            expected="the number of a webhook of yours",
            found=str(number),
            hint="The list of webhooks tells it.",
        )
    demand(actor, Act.KEEP_WEBHOOK, owner=owner)
    return row


def _demand_on(row: Webhook) -> None:
    if not row.is_active:
        raise WebhookImpossible(
            expected="a webhook that is switched on",
            found="that it is switched off",
            hint="Switch it on first.",
        )


def _let_go_on(row: Webhook) -> None:
    """Somebody looks after it, so it is tried at once."""
    row.rests_until = None
    row.save(update_fields=["rests_until"])


def _note(
    site: Site, actor: Actor, act: str, row: Webhook, before: Values, *, is_gone: bool = False
) -> None:
    note(
        actor,
        act,
        at=site.clock(),
        kind="webhook",
        name=f"{row} of {row.user.get_username()}",
        before=before,
        after={} if is_gone else state_of(row),
    )
