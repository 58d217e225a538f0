"""Making an account; it has no password, so its owner gets one set or signs in elsewhere."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction

from mini_buildd.db.audit import note, state_of
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import AccountImpossible
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site


def new_account(name: str, email: str) -> Any:
    """An account without a password, to be saved; raises AccountImpossible."""
    user = get_user_model()(username=name, email=email)
    user.set_unusable_password()
    try:
        user.full_clean()
    except ValidationError as error:
        raise AccountImpossible(
            expected="a name of letters, digits and @.+-_, and a mail address or none",
            found=f"{name[:150]} {email[:150]}: {'; '.join(error.messages)}",
            hint="Choose another name, or correct the address.",
        ) from None
    return user


@tells_full_disk
def add_account(site: Site, actor: Actor, name: str, email: str = "") -> bool:
    """Let there be an account called *name*; whether it is new. One that is there stays as it is.

    Raises NotAllowed, AccountImpossible.
    """
    demand(actor, Act.CONFIGURE)
    users = get_user_model().objects
    with transaction.atomic():
        if users.filter(username=name).exists():
            return False
        user = new_account(name, email)
        user.save()
        after = state_of(user)
        note(actor, "added an account", at=site.clock(), kind="account", name=name, after=after)
    return True
