"""The address in a mail that ends such mails, for whoever has the mail, without signing in.

It is signed, so that nobody can make one up (RFC 8058 asks for that), and good for one thing only.
"""

from django.contrib.auth import get_user_model
from django.core.signing import BadSignature, Signer

from mini_buildd.db.models import OwnUploads, Subscription
from mini_buildd.domain.problem import SubscriptionUnknown
from mini_buildd.domain.subscription import Wants
from mini_buildd.flow.site import Site

OWN, SUBSCRIPTION = "own", "subscription"
_SALT = "mini-buildd.unsubscribe"


def address_to_end(site: Site, what: str, number: int) -> str:
    """Where one POST ends the mails on own uploads of an account, or those of a subscription."""
    return f"{site.settings.url}/unsubscribe/{Signer(salt=_SALT).sign(f'{what}-{number}')}/"


def parse_token(token: str) -> tuple[str, int]:
    """What such an address is for; raises SubscriptionUnknown for one that is not ours."""
    try:
        what, _, number = Signer(salt=_SALT).unsign(token).partition("-")
    except BadSignature:
        raise SubscriptionUnknown(
            expected="an address as it stands in a mail of ours",
            found="another one",
            hint="Copy the whole of it, or sign in and end the subscription on your page.",
        ) from None
    return what, int(number)


def unsubscribe(token: str) -> None:
    """End it; doing so twice is no fault. Raises SubscriptionUnknown."""
    what, number = parse_token(token)
    if what == SUBSCRIPTION:
        Subscription.objects.filter(pk=number).delete()
    elif get_user_model().objects.filter(pk=number).exists():
        OwnUploads.objects.update_or_create(user_id=number, defaults={"wants": Wants.NOTHING.value})
