"""What an account wants to be told by mail."""

from django.contrib.auth import get_user_model
from django.db import transaction

from mini_buildd.db.audit import Values, note, state_of
from mini_buildd.db.models import OwnUploads, Subscription
from mini_buildd.db.queries.subscriptions import SubscriptionRow, subscription_row
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import SubscriptionImpossible, SubscriptionUnknown
from mini_buildd.domain.subscription import MOST_OF_AN_ACCOUNT, SubscriptionWish, Wants
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site


@tells_full_disk
def subscribe(site: Site, actor: Actor, owner: str, wish: SubscriptionWish) -> SubscriptionRow:
    """Let the account *owner* hear of it; one that is there already only wants what is said now.

    Raises NotAllowed, SubscriptionImpossible.
    """
    demand(actor, Act.SUBSCRIBE, owner=owner)
    with transaction.atomic():
        user = get_user_model().objects.filter(username=owner, is_active=True).first()
        if user is None:
            raise SubscriptionImpossible(
                expected="the name of an account that may sign in",
                found=owner,
                hint="Accounts are made in Settings.",
            )
        same = {
            "package": wish.package,
            "repository": wish.repository,
            "distribution": wish.distribution,
        }
        if user.subscriptions.exclude(**same).count() >= MOST_OF_AN_ACCOUNT:
            raise SubscriptionImpossible(
                expected=f"at most {MOST_OF_AN_ACCOUNT} subscriptions of an account",
                found="one more",
                hint="End one, or use patterns such as lib*.",
            )
        row, _ = Subscription.objects.update_or_create(
            user=user,
            **same,
            defaults={"wants": wish.wants.value},
            create_defaults={"wants": wish.wants.value, "made_at": site.clock()},
        )
        _note(site, actor, "subscribed", row, {})
    return subscription_row(row)


@tells_full_disk
def end_subscription(site: Site, actor: Actor, number: int) -> None:
    """Let its owner hear of that no more; raises SubscriptionUnknown, also for another's."""
    with transaction.atomic():
        row = Subscription.objects.filter(pk=number).select_related("user").first()
        owner = row.user.get_username() if row is not None else ""
        if row is None or not (actor.is_admin or owner == actor.name):
            demand(actor, Act.SUBSCRIBE, owner=actor.name)
            raise SubscriptionUnknown(
                expected="the number of a subscription of yours",
                found=str(number),
                hint="The list of subscriptions tells it.",
            )
        demand(actor, Act.SUBSCRIBE, owner=owner)
        _note(site, actor, "ended a subscription", row, state_of(row), is_gone=True)
        row.delete()


@tells_full_disk
def wish_for_own(site: Site, actor: Actor, owner: str, wants: Wants) -> None:
    """Choose what the account *owner* hears of its own uploads. Raises NotAllowed."""
    demand(actor, Act.SUBSCRIBE, owner=owner)
    with transaction.atomic():
        user = get_user_model().objects.filter(username=owner).first()
        if user is None:
            raise SubscriptionImpossible(
                expected="the name of an account",
                found=owner,
                hint="Accounts are made in Settings.",
            )
        before = OwnUploads.objects.filter(user=user).first()
        state = state_of(before) if before is not None else {}
        row, _ = OwnUploads.objects.update_or_create(user=user, defaults={"wants": wants.value})
        if owner != actor.name:
            note(
                actor,
                "chose the mails on own uploads",
                at=site.clock(),
                kind="account",
                name=owner,
                before=state,
                after=state_of(row),
            )


def _note(
    site: Site,
    actor: Actor,
    act: str,
    row: Subscription,
    before: Values,
    *,
    is_gone: bool = False,
) -> None:
    """What administrators do for others; what people want to hear themselves is their own."""
    if row.user.get_username() == actor.name:
        return
    note(
        actor,
        act,
        at=site.clock(),
        kind="subscription",
        name=f"{row} of {row.user.get_username()}",
        before=before,
        after={} if is_gone else state_of(row),
    )
