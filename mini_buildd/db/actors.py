"""Accounts as the verbs want to know them: by name, and with what they are to each repository."""

from django.contrib.auth import get_user_model
from django.db.models import Max, Q

from mini_buildd.db.models import Grant
from mini_buildd.domain.permission import VISITOR, Actor, Door, Role, Scope


def actor_for(user_id: int, scopes: frozenset[Scope] | None = None, door: Door = Door.API) -> Actor:
    """The account of that id, a visitor when it is switched off; *scopes* are those of a token.

    An administrator is who may do everything in Settings.
    """
    user = get_user_model().objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return VISITOR
    is_admin = user.is_staff and user.is_superuser
    return Actor(user.get_username(), is_admin, () if is_admin else _roles(user_id), scopes, door)


def _roles(user_id: int) -> tuple[tuple[str, Role], ...]:
    rows = (
        Grant.objects.filter(Q(user=user_id) | Q(group__user=user_id))
        .order_by("repository__name")
        .values_list("repository__name")
        .annotate(highest=Max("role"))
    )
    return tuple((name, Role(role)) for name, role in rows)
