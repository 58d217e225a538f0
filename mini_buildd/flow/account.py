"""Accounts by their names, for the verbs that are about people."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from mini_buildd.domain.problem import AccountUnknown


def find_account(name: str) -> Any:
    """The account called *name*, which may sign in; raises AccountUnknown."""
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    if user is None:
        raise AccountUnknown(
            expected="the name of an account that is in use",
            found=f"“{name[:150]}”",
            hint="An administrator makes one in Settings, or by: mini-buildd user add NAME",
        )
    return user


def find_group(name: str) -> Group:
    """The group called *name*; raises AccountUnknown."""
    group = Group.objects.filter(name=name).first()
    if group is None:
        raise AccountUnknown(
            expected="the name of a group",
            found=f"“{name[:150]}”",
            hint="An administrator makes one in Settings.",
        )
    return group
