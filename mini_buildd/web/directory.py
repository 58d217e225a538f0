"""Accounts of a directory by LDAP, with django-auth-ldap; loaded only where it is configured.

An account is made for whoever signs in with their name and password there, and is known from then
on as theirs. One that was made here by somebody else stays theirs, whatever it is called.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.timezone import now
from django_auth_ldap.backend import LDAPBackend

from mini_buildd.db.audit import note, state_of
from mini_buildd.db.models import OutsideAccount
from mini_buildd.domain.permission import SELF, Actor, Door
from mini_buildd.flow.hosted import instance


class Directory(LDAPBackend):  # type: ignore[misc]  # it has no types
    """Django's authentication by the directory of this instance."""

    def authenticate(
        self, request: Any, username: str | None = None, password: str | None = None, **_: Any
    ) -> Any:
        """Who gives the right password there; None for all else.

        Without a password many directories let anybody in as nobody (RFC 4513 §5.1.2).
        """
        if not username or not password:
            return None
        try:
            user = super().authenticate(request, username=username, password=password)
        except _SomebodyElses:
            return None
        if user is None or not user.is_active:
            return None
        _follow(user)
        return user

    def get_or_build_user(self, username: str, ldap_user: Any) -> tuple[Any, bool]:
        """The account that was made for them, or a new one; their password was right."""
        # By who they are there, for somebody may have several names in a directory. Each would be
        # an account of its own, and a way around being switched off.
        made = OutsideAccount.objects.filter(name__iexact=ldap_user.dn).select_related("user")
        found = made.first()
        if found is not None:
            return found.user, False
        is_taken = get_user_model().objects.filter(username__iexact=username).exists()
        if is_taken or username.casefold() == SELF.name:
            raise _SomebodyElses(username)
        return _made(username.lower(), ldap_user.dn), True


def _made(name: str, dn: str) -> Any:
    """A new account for who is *dn* there, and the note of it."""
    with transaction.atomic():
        user = get_user_model()(username=name)
        user.set_unusable_password()
        user.save()
        OutsideAccount.objects.create(user=user, name=dn)
        after = {"directory": dn}
        note(Actor(name), "registered by LDAP", at=now(), kind="account", name=name, after=after)
    return user


class _SomebodyElses(Exception):
    """There is an account of that name, which was not made for them."""


def _follow(user: Any) -> None:
    """Let *user* be in those groups that follow the directory, and be an administrator or not."""
    settings = instance().ldap
    names = user.ldap_user.group_names if settings.group_base else frozenset()
    dns = {dn.lower() for dn in user.ldap_user.group_dns} if settings.group_base else frozenset()
    with transaction.atomic():
        before = state_of(user)
        for group in Group.objects.filter(name__in=settings.groups):
            (user.groups.add if group.name in names else user.groups.remove)(group)
        if settings.administrators:
            user.is_staff = user.is_superuser = settings.administrators.lower() in dns
            user.save(update_fields=["is_staff", "is_superuser"])
        act, name, after = "followed", user.get_username(), state_of(user)
        if before != after:
            who = Actor("LDAP", door=Door.PAGE)
            note(who, act, at=now(), kind="account", name=name, before=before, after=after)
