"""The calls on webhooks: yours, or all of them for administrators."""

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router

from mini_buildd.api.door import actor_of
from mini_buildd.api.given import PAGE_ROWS, Before, Limit, Number, address
from mini_buildd.api.notice_bodies import Since, Switch, WebhookBody
from mini_buildd.db.queries.webhooks import (
    DeliveryRow,
    WebhookRow,
    find_webhook,
    list_deliveries,
    list_webhooks,
)
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import WebhookUnknown
from mini_buildd.domain.webhook import DeliveryState, Filter, WebhookWish
from mini_buildd.flow import webhook as webhooks
from mini_buildd.flow.hosted import instance, site, wake
from mini_buildd.wire.api.webhooks import (
    Delivery,
    DeliveryPage,
    MadeWebhook,
    Replayed,
    Try,
    Webhook,
    WebhookPage,
)

router = Router(tags=["webhooks"])


@router.get("", response=WebhookPage, summary="List webhooks")
def list_of_webhooks(request: HttpRequest) -> WebhookPage:
    """Your webhooks, or those of all when you are an administrator; never their secrets.

    No token will do for any call on webhooks: sign in, or send name and password as Basic.
    """
    actor = actor_of(request)
    demand(actor, Act.KEEP_WEBHOOK, owner=actor.name)
    rows = list_webhooks("" if actor.is_admin else actor.name)
    return WebhookPage(tuple(map(_webhook, rows)))


@router.post("", response={201: MadeWebhook}, summary="Make a webhook")
def make_webhook(
    request: HttpRequest, response: HttpResponse, body: Body[WebhookBody]
) -> MadeWebhook:
    """Make a webhook of yours: what you may see is sent there from now on, as far as it fits.

    Its secret is in this answer, and nowhere else ever.
    """
    actor = actor_of(request)
    wanted = Filter(frozenset(body.kinds), body.package, body.distribution, body.repository)
    wish = WebhookWish(body.url, body.name, wanted)
    return _made(response, webhooks.make_webhook(site(), actor, actor.name, wish))


@router.get("{int:webhook_id}", response=Webhook, summary="Show a webhook")
def show_webhook(request: HttpRequest, webhook_id: Number) -> Webhook:
    """One of your webhooks, and how it does."""
    return _webhook(_own(actor_of(request), webhook_id))


@router.patch("{int:webhook_id}", response=Webhook, summary="Switch a webhook on or off")
def switch_webhook(request: HttpRequest, webhook_id: Number, body: Body[Switch]) -> Webhook:
    """Let it rest, or go on; what happens while it rests is not sent afterwards."""
    row = webhooks.switch_webhook(site(), actor_of(request), webhook_id, is_on=body.is_active)
    return _webhook(row)


@router.delete("{int:webhook_id}", response={204: None}, summary="Remove a webhook")
def remove_webhook(request: HttpRequest, webhook_id: Number) -> None:
    """Forget it, and what it was told."""
    webhooks.remove_webhook(site(), actor_of(request), webhook_id)


@router.post("{int:webhook_id}/secret", response={201: MadeWebhook}, summary="Renew a secret")
def renew_webhook_secret(
    request: HttpRequest, response: HttpResponse, webhook_id: Number
) -> MadeWebhook:
    """Another secret; for a day, all is signed with the one before as well."""
    return _made(response, webhooks.renew_secret(site(), actor_of(request), webhook_id))


@router.post("{int:webhook_id}/ping", response={202: Delivery}, summary="Test a webhook")
def ping_webhook(request: HttpRequest, webhook_id: Number) -> Delivery:
    """Send something that is no event; how that went is told by its deliveries."""
    row = webhooks.ping(site(), actor_of(request), webhook_id)
    wake()
    return _delivery(row)


@router.get("{int:webhook_id}/deliveries/", response=DeliveryPage, summary="List deliveries")
def list_of_deliveries(
    request: HttpRequest,
    webhook_id: Number,
    state: DeliveryState | None = None,
    before: Before | None = None,
    limit: Limit = PAGE_ROWS,
) -> DeliveryPage:
    """What a webhook of yours was told, the newest first, as far as the history goes back."""
    row = _own(actor_of(request), webhook_id)
    page = list_deliveries(row.id, state=state, before=before, count=limit)
    following = address(request, before=page.older) if page.older is not None else None
    return DeliveryPage(tuple(map(_delivery, page.rows)), following)


@router.post(
    "{int:webhook_id}/replay", response={202: Replayed}, summary="Send all since once more"
)
def replay_deliveries(request: HttpRequest, webhook_id: Number, body: Body[Since]) -> Replayed:
    """Send all once more that was to be told since a time, each with the id that it had."""
    count = webhooks.replay_since(
        site(), actor_of(request), webhook_id, body.at(), only_failed=body.only_failed
    )
    wake()
    return Replayed(count)


@router.post(
    "{int:webhook_id}/deliveries/{int:delivery_id}/replay",
    response={202: Delivery},
    summary="Send a delivery once more",
)
def replay_delivery(request: HttpRequest, webhook_id: Number, delivery_id: Number) -> Delivery:
    """Send it once more as it was, with the id that it had."""
    row = webhooks.replay(site(), actor_of(request), webhook_id, delivery_id)
    wake()
    return _delivery(row)


def _own(actor: Actor, number: int) -> WebhookRow:
    """A webhook that *actor* may see; another's is as one that is not there."""
    demand(actor, Act.KEEP_WEBHOOK, owner=actor.name)
    row = find_webhook(number)
    if row is None or not (actor.is_admin or row.owner == actor.name):
        raise WebhookUnknown(
            expected="the number of a webhook of yours",
            found=str(number),
            hint="The list of webhooks tells it.",
        )
    return row


def _made(response: HttpResponse, made: webhooks.NewWebhook) -> MadeWebhook:
    response["Location"] = f"/api/v1/webhooks/{made.row.id}"
    response["Cache-Control"] = "no-store"
    return MadeWebhook(_webhook(made.row), made.secret)


def _webhook(row: WebhookRow) -> Webhook:
    return Webhook(
        id=row.id,
        owner=row.owner,
        name=row.name,
        url=row.url,
        kinds=tuple(sorted(row.wanted.kinds)),
        package=row.wanted.package,
        distribution=row.wanted.distribution,
        repository=row.wanted.repository,
        made_at=row.made_at,
        is_active=row.is_active,
        stopped_reason=row.stopped_reason,
        failures=row.failures,
        failing_since=row.failing_since,
        waiting=row.waiting,
        page=f"{instance().url}/webhooks/{row.id}/",
    )


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        id=row.id,
        token=row.token,
        kind=row.kind,
        event_id=row.event_id,
        state=row.state,
        made_at=row.made_at,
        due_at=row.due_at,
        tries=tuple(Try(each.at, each.status, each.seconds, each.said) for each in row.tries),
    )
