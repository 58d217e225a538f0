"""What ``mini-buildd admin`` does, once Django is configured."""

import os
from collections.abc import Callable

from django.contrib.auth import get_user_model
from django.db import transaction

from mini_buildd.cli.owner import owner
from mini_buildd.config.places import Places
from mini_buildd.db.audit import note, state_of
from mini_buildd.flow.first_administrator import withdraw_link
from mini_buildd.kit.clock import utc_now


def make_admin(places: Places, url: str, name: str, ask: Callable[[str], str]) -> int:
    """Make *name* an administrator; the password is asked for, or is in the environment."""
    password = os.environ.get("MINI_BUILDD_ADMIN_PASSWORD") or ask(f"Password for {name}: ")
    with transaction.atomic():
        user, is_new = get_user_model().objects.get_or_create(username=name)
        before = {} if is_new else state_of(user)
        user.is_staff = user.is_superuser = user.is_active = True
        user.set_password(password)
        user.save()
        after = state_of(user)
        act, at = "made an administrator of", utc_now()
        note(owner(), act, at=at, kind="account", name=name, before=before, after=after)
    withdraw_link(places)
    print(f"{name} may sign in, and sees the first steps at {url}/first/")
    return 0
