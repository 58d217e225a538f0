"""Switching an account off, so that nothing of its owner's counts any more, and on again.

All that it has stays where it is: rights, keys, tokens, what it has done.
"""

from django.contrib.auth import get_user_model
from django.db import transaction

from mini_buildd.db.audit import note, state_of
from mini_buildd.domain.permission import Act, Actor, Door, demand
from mini_buildd.domain.problem import AccountImpossible, AccountUnknown, NothingToDo
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site

_MOST_CHARACTERS = 500  # of a reason


@tells_full_disk
def switch_account(site: Site, actor: Actor, name: str, *, is_on: bool, reason: str = "") -> None:
    """Let nobody come in as *name* any more, nor by its keys and tokens; or, if *is_on*, again.

    Nobody locks themselves out but on the machine itself, where there is a way back in. Raises
    NotAllowed, AccountUnknown, AccountImpossible, NothingToDo.
    """
    demand(actor, Act.SWITCH_ACCOUNT)
    word = "on" if is_on else "off"
    if name == actor.name and not is_on and actor.door is not Door.COMMAND:
        raise AccountImpossible(
            expected="somebody else's account",
            found=f"your own, {name}",
            hint="Ask another administrator to switch it off.",
        )
    with transaction.atomic():
        user = get_user_model().objects.select_for_update().filter(username=name).first()
        if user is None:
            raise AccountUnknown(
                expected="the name of an account",
                found=f"“{name[:150]}”",
                hint="The list of accounts tells them.",
            )
        if user.is_active == is_on:
            raise NothingToDo(
                expected=f"an account that is not switched {word}",
                found=f"{name}, which is",
                hint="There is nothing to do.",
            )
        before = state_of(user)
        user.is_active = is_on
        user.save(update_fields=["is_active"])
        after = {**state_of(user), "reason": reason[:_MOST_CHARACTERS]}
        act = f"switched {word} an account"
        note(actor, act, at=site.clock(), kind="account", name=name, before=before, after=after)
