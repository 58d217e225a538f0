"""Accounts as their owners see them, and what they may."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from mini_buildd.db.models import Grant
from mini_buildd.domain.permission import Role


@dataclass(frozen=True, slots=True)
class RightRow:
    """A right to a repository; *group* is empty unless it comes by one.

    *suite* and *sources* are empty for all of them.
    """

    repository: str
    is_private: bool
    role: Role
    suite: str
    sources: str
    may_add_sources: bool
    group: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account of the name; *has_password* when it can sign in by one that is kept here."""

    id: int
    name: str
    full_name: str
    mail: str
    is_admin: bool
    has_password: bool
    since: datetime
    groups: tuple[str, ...]
    rights: tuple[RightRow, ...]
    is_active: bool
    """Else it is switched off: nobody signs in as it."""


def find_account(name: str) -> AccountRow:
    """The account of that name, which must be there."""
    user = get_user_model().objects.prefetch_related("groups").get(username=name)
    return _account(user, _grants().filter(Q(user=user.pk) | Q(group__user=user.pk)).distinct())


def list_accounts(*, also_off: bool = False) -> tuple[AccountRow, ...]:
    """All accounts that may sign in, or those switched off as well, by name."""
    users = get_user_model().objects.order_by("username").prefetch_related("groups")
    of_users, of_groups = defaultdict(list), defaultdict(list)
    for grant in _grants():
        if grant.user_id is not None:
            of_users[grant.user_id].append(grant)
        elif grant.group_id is not None:
            of_groups[grant.group_id].append(grant)
    return tuple(
        _account(
            user,
            [
                *of_users[user.pk],
                *(grant for group in user.groups.all() for grant in of_groups[group.pk]),
            ],
        )
        for user in (users if also_off else users.filter(is_active=True))
    )


def _account(user: Any, grants: Iterable[Grant]) -> AccountRow:
    ordered = sorted(grants, key=lambda each: (each.repository.name, -each.role, each.pk))
    return AccountRow(
        id=user.pk,
        name=user.get_username(),
        full_name=user.get_full_name(),
        mail=user.email,
        is_admin=user.is_active and user.is_staff and user.is_superuser,
        has_password=user.has_usable_password(),
        since=user.date_joined,
        groups=tuple(sorted(group.name for group in user.groups.all())),
        rights=tuple(map(_right, ordered)),
        is_active=user.is_active,
    )


def _grants() -> QuerySet[Grant]:
    return Grant.objects.select_related("repository", "suite", "group")


def _right(row: Grant) -> RightRow:
    return RightRow(
        repository=row.repository.name,
        is_private=row.repository.is_private,
        role=Role(row.role),
        suite=row.suite.name if row.suite is not None else "",
        sources=row.sources,
        may_add_sources=row.may_add_sources,
        group=row.group.name if row.group is not None else "",
    )
