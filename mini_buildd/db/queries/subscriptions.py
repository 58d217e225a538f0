"""What people want to be told by mail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mini_buildd.db.models import OwnUploads, Subscription
from mini_buildd.domain.subscription import SubscriptionWish, Wants


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A subscription of *owner*; what is empty does not matter."""

    id: int
    owner: str
    package: str
    repository: str
    distribution: str
    wants: Wants
    made_at: datetime


def subscription_row(row: Subscription) -> SubscriptionRow:
    """*row* as it is shown."""
    return SubscriptionRow(
        id=row.pk,
        owner=row.user.get_username(),
        package=row.package,
        repository=row.repository,
        distribution=row.distribution,
        wants=Wants(row.wants),
        made_at=row.made_at,
    )


def list_subscriptions(owner: str) -> tuple[SubscriptionRow, ...]:
    """Those of the account *owner*."""
    rows = Subscription.objects.filter(user__username=owner).select_related("user")
    return tuple(map(subscription_row, rows.order_by("package", "repository", "distribution")))


def wish_on_own(user_id: int) -> Wants:
    """What that account wants to hear of its own uploads."""
    found = OwnUploads.objects.filter(user=user_id).values_list("wants", flat=True).first()
    return Wants(found) if found is not None else Wants.ALL


def own_wish_of(owner: str) -> Wants:
    """The same of the account by its name."""
    found = OwnUploads.objects.filter(user__username=owner).values_list("wants", flat=True).first()
    return Wants(found) if found is not None else Wants.ALL


def subscribers(
    package: str, repository: str, distribution: str
) -> Iterable[tuple[int, int, Wants]]:
    """Subscription, account and wish of all whom an upload of *package* to there concerns."""
    rows = Subscription.objects.filter(
        user__is_active=True,
        repository__in=("", repository),
        distribution__in=("", distribution),
    ).order_by("pk")
    for row in rows:
        wish = SubscriptionWish(row.package, row.repository, row.distribution, Wants(row.wants))
        if wish.fits(package, repository, distribution):
            yield row.pk, row.user_id, wish.wants
