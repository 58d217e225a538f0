"""Single sign-on by OpenID Connect, with django-allauth; loaded only where it is configured.

Who comes that way gets an account of their own, known by what the issuer calls its subject: never
one that was here before, whatever name or address they claim to have. It has no rights by itself.
"""

import logging
from itertools import count
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.openid_connect import views
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.timezone import now
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from mini_buildd.db.audit import note, state_of
from mini_buildd.domain.permission import SELF, Actor, Door
from mini_buildd.flow.hosted import instance

_log = logging.getLogger(__name__)


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """What allauth says and does by itself, and should not."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """By its own form nobody may; single sign-on is asked for itself."""
        del request
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Our pages show who has signed in."""

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """To where they were, or to their own page."""
        del request
        return reverse("me")


class SingleSignOn(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Whom the issuer has let in."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Whoever the issuer knows gets an account."""
        del request, sociallogin
        return True

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Take an address only when it is verified and nobody else's; follow the groups."""
        del request
        user = sociallogin.user
        verified = {each.email for each in sociallogin.email_addresses if each.verified is True}
        is_taken = get_user_model().objects.filter(email__iexact=user.email).exists()
        if not sociallogin.is_existing and (user.email not in verified or is_taken):
            user.email = ""
        sociallogin.email_addresses = []
        if sociallogin.is_existing:
            with transaction.atomic():
                follow(user, _claimed(sociallogin))

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        """A new account, and the note of it: both or none."""
        with transaction.atomic():
            sociallogin.user.username = _free_name(
                str(_told(sociallogin).get("preferred_username", ""))
            )
            user = super().save_user(request, sociallogin, form)
            actor = Actor(user.get_username(), door=Door.PAGE)
            after = {"issuer": instance().sso.issuer, "subject": sociallogin.account.uid}
            act, name = "registered by single sign-on", user.get_username()
            note(actor, act, at=now(), kind="account", name=name, after=after)
            follow(user, _claimed(sociallogin))
        return user

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        """Back to one's own page."""
        del request, socialaccount
        return reverse("me")

    def on_authentication_error(self, request: HttpRequest, *_: Any, **told: Any) -> None:
        """Something went wrong at the issuer, or on the way back from it."""
        _log.warning("single sign-on: %s %.300r", told.get("error"), told.get("exception"))
        messages.error(
            request, gettext("That did not let you in. Try again, or ask an administrator.")
        )
        raise ImmediateHttpResponse(redirect("sign-in"))


def _free_name(wanted: str) -> str:
    """A name for a new account: as *wanted*, or with a number behind it when there is one.

    Nobody is called as the instance itself, whose acts are not noted in the audit log.
    """
    base = "".join(each for each in wanted if each.isalnum() or each in "@.+-_")[:140] or "user"
    names = (base if number == 1 else f"{base}{number}" for number in count(1))
    users = get_user_model().objects
    return next(
        name
        for name in names
        if name.casefold() != SELF.name and not users.filter(username__iexact=name).exists()
    )


def _claimed(sociallogin: Any) -> frozenset[str]:
    """The groups that the issuer says somebody is in."""
    found = _told(sociallogin).get(instance().sso.groups_claim, ())
    return frozenset(map(str, found if isinstance(found, list) else [found]))


def _told(sociallogin: Any) -> dict[str, Any]:
    """All that the issuer says of somebody."""
    data = sociallogin.account.extra_data
    return {**data.get("id_token", {}), **data.get("userinfo", {})}


def follow(user: Any, claimed: frozenset[str]) -> None:
    """Let *user* be in those groups that follow the issuer, and be an administrator or not."""
    settings = instance().sso
    before = state_of(user)
    for name in settings.groups:
        group = Group.objects.filter(name=name).first()
        if group is not None:
            (user.groups.add if name in claimed else user.groups.remove)(group)
    if settings.administrators:
        user.is_staff = user.is_superuser = settings.administrators in claimed
        user.save(update_fields=["is_staff", "is_superuser"])
    after = state_of(user)
    if before != after:
        actor, name = Actor("single sign-on", door=Door.PAGE), user.get_username()
        note(actor, "followed", at=now(), kind="account", name=name, before=before, after=after)


@require_POST
def begin(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Off to the issuer."""
    answer: HttpResponseBase = views.login(request, provider_id)
    return answer


@require_safe
def end(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Back from the issuer."""
    answer: HttpResponseBase = views.callback(request, provider_id)
    return answer


@require_safe
def not_in(request: HttpRequest) -> HttpResponse:
    """Somebody has changed their mind there, or their account is switched off here."""
    messages.error(request, gettext("You are not signed in."))
    return redirect("sign-in")


def urls() -> list[URLPattern]:
    """The two pages of it, and the names that allauth has for some of ours."""
    return [
        path("account/sso/<str:provider_id>/login/", begin, name="openid_connect_login"),
        path("account/sso/<str:provider_id>/callback/", end, name="openid_connect_callback"),
        path("account/sso/cancelled/", not_in, name="socialaccount_login_cancelled"),
        path("account/sso/error/", not_in, name="socialaccount_login_error"),
        path("account/sso/signup/", not_in, name="socialaccount_signup"),
        path("account/sso/inactive/", not_in, name="account_inactive"),
        path("account/sso/in/", not_in, name="account_login"),
    ]
