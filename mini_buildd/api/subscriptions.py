"""The calls on what you are told by mail."""

from django.http import HttpRequest
from ninja import Body, Router

from mini_buildd.api.door import actor_of
from mini_buildd.api.given import Number
from mini_buildd.api.notice_bodies import OwnUploadsBody, SubscriptionBody
from mini_buildd.db.queries.subscriptions import (
    SubscriptionRow,
    list_subscriptions,
    own_wish_of,
)
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.subscription import SubscriptionWish
from mini_buildd.flow import subscribe as subscriptions
from mini_buildd.flow.hosted import instance, site
from mini_buildd.wire.api.subscriptions import Subscription, SubscriptionPage

router = Router(tags=["you"])


@router.get("", response=SubscriptionPage, summary="List your subscriptions")
def list_of_subscriptions(request: HttpRequest) -> SubscriptionPage:
    """What you are told by mail."""
    actor = actor_of(request)
    demand(actor, Act.SUBSCRIBE, owner=actor.name)
    return _page(actor)


@router.post("", response={201: Subscription}, summary="Subscribe")
def subscribe(request: HttpRequest, body: Body[SubscriptionBody]) -> Subscription:
    """Be told by mail how uploads end that fit; the same again only changes which ends."""
    actor = actor_of(request)
    demand(actor, Act.SUBSCRIBE, owner=actor.name)
    wish = SubscriptionWish(body.package, body.repository, body.distribution, body.wants)
    return _shown(subscriptions.subscribe(site(), actor, actor.name, wish))


@router.put("own-uploads", response=SubscriptionPage, summary="Choose mails on own uploads")
def choose_own_uploads(request: HttpRequest, body: Body[OwnUploadsBody]) -> SubscriptionPage:
    """Be told how all of your own uploads end, of failures only, or nothing."""
    actor = actor_of(request)
    subscriptions.wish_for_own(site(), actor, actor.name, body.wants)
    return _page(actor)


@router.delete("{int:subscription_id}", response={204: None}, summary="End a subscription")
def end_subscription(request: HttpRequest, subscription_id: Number) -> None:
    """Be told of that no more."""
    subscriptions.end_subscription(site(), actor_of(request), subscription_id)


def _page(actor: Actor) -> SubscriptionPage:
    rows = list_subscriptions(actor.name)
    is_sent = bool(instance().mail.host)
    return SubscriptionPage(tuple(map(_shown, rows)), own_wish_of(actor.name), is_sent)


def _shown(row: SubscriptionRow) -> Subscription:
    return Subscription(
        id=row.id,
        package=row.package,
        repository=row.repository,
        distribution=row.distribution,
        wants=row.wants,
        made_at=row.made_at,
    )
