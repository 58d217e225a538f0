"""Accounts as their owners see them, and what they may."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.db.models import Q

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


def find_account(name: str) -> AccountRow:
    """The account of that name, which must be there."""
    user = get_user_model().objects.prefetch_related("groups").get(username=name)
    return AccountRow(
        id=user.pk,
        name=user.get_username(),
        full_name=user.get_full_name(),
        mail=user.email,
        is_admin=user.is_active and user.is_staff and user.is_superuser,
        has_password=user.has_usable_password(),
        since=user.date_joined,
        groups=tuple(sorted(group.name for group in user.groups.all())),
        rights=_rights(user.pk),
    )


def _rights(user_id: int) -> tuple[RightRow, ...]:
    rows = (
        Grant.objects.filter(Q(user=user_id) | Q(group__user=user_id))
        .select_related("repository", "suite", "group")
        .distinct()
        .order_by("repository__name", "-role", "id")
    )
    return tuple(
        RightRow(
            repository=row.repository.name,
            is_private=row.repository.is_private,
            role=Role(row.role),
            suite=row.suite.name if row.suite is not None else "",
            sources=row.sources,
            may_add_sources=row.may_add_sources,
            group=row.group.name if row.group is not None else "",
        )
        for row in rows
    )


def list_accounts() -> tuple[AccountRow, ...]:
    """All accounts that may sign in, by name."""
    users = get_user_model().objects.filter(is_active=True).order_by("username")
    return tuple(find_account(name) for name in users.values_list("username", flat=True))
