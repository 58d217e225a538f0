"""Signing in and out, a new password, and an account for oneself where everybody may have one."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from mini_buildd.db.audit import note
from mini_buildd.domain.problem import TooManyAttempts
from mini_buildd.flow.hosted import instance, throttle
from mini_buildd.web.account_forms import RegistrationForm
from mini_buildd.web.administrators import actor_of
from mini_buildd.web.forwarded import peer_of

_form = require_http_methods(["GET", "HEAD", "POST"])


def safe_next(request: HttpRequest, otherwise: str) -> str:
    """Where to go on as the request asks for, if that is a page of this instance."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours and wanted.startswith("/") else otherwise


def _asked(
    request: HttpRequest, template: str, context: dict[str, Any], act: Callable[[], bool], then: str
) -> HttpResponse:
    """The form, and *then* the next page once *act* has done what it asks for.

    Who has guessed too often is told how long to wait.
    """
    problem = None
    if request.method == "POST":
        try:
            if act():
                return redirect(then)
        except TooManyAttempts as found:
            problem = found
    status = 200 if problem is None else 429
    answer = render(request, template, {**context, "problem": problem}, status=status)
    if problem is not None:
        answer["Retry-After"] = str(problem.retry_after_seconds)
    return answer


@sensitive_post_parameters("password")
@csrf_protect
@never_cache
@_form
def sign_in(request: HttpRequest) -> HttpResponse:
    """Into the account that the form names; by TLS where there is any: cookies go only so then."""
    if instance().https.port and not request.is_secure():
        return redirect(by_tls(request))
    form = AuthenticationForm(request, request.POST or None)
    form.fields["username"].widget.attrs.update(autocapitalize="none", spellcheck="false")
    context = {
        "form": form,
        "next": safe_next(request, ""),
        "can_register": instance().accounts.self_registration,
        "single_sign_on": instance().sso.word if instance().sso.issuer else "",
    }
    then = safe_next(request, reverse("me"))
    return _asked(request, "mini_buildd/sign_in.html", context, lambda: _is_in(request, form), then)


def by_tls(request: HttpRequest) -> str:
    """The address of the same page by TLS."""
    host, _, rest = request.get_host().partition("]")
    name = f"{host}]" if rest or host.startswith("[") else host.partition(":")[0]
    return f"https://{name}:{instance().https.port}{request.get_full_path()}"


def _is_in(request: HttpRequest, form: AuthenticationForm) -> bool:
    account, peer = request.POST.get("username", ""), peer_of(request)
    throttle().demand(account, peer)
    if not form.is_valid():
        throttle().failed(account, peer)
        return False
    throttle().succeeded(account, peer)
    login(request, form.get_user())  # in a new session: who knew the old one's name is not in
    return True


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Out, and the session is gone."""
    logout(request)
    return redirect("now")


@sensitive_post_parameters()
@never_cache
@login_required
@_form
def password(request: HttpRequest) -> HttpResponse:
    """A new password for one's own account; its other sessions end."""
    user: Any = request.user
    if not user.has_usable_password():
        raise Http404(gettext("This account has no password here: it signs in by another service."))
    form: Any = PasswordChangeForm(user, request.POST or None)
    act = partial(_is_changed, request, form)
    return _asked(request, "mini_buildd/password.html", {"form": form}, act, reverse("me"))


def _is_changed(request: HttpRequest, form: Any) -> bool:
    name, peer = form.user.get_username(), peer_of(request)
    throttle().demand(name, peer)
    if not form.is_valid():
        if "old_password" in form.errors:
            throttle().failed(name, peer)
        return False
    with transaction.atomic():
        form.save()
        note(actor_of(request), "changed the password", at=now(), kind="account", name=name)
    update_session_auth_hash(request, form.user)
    messages.success(request, gettext("Your password is changed; elsewhere you are signed out."))
    return True


@sensitive_post_parameters()
@csrf_protect
@never_cache
@_form
def register(request: HttpRequest) -> HttpResponse:
    """An account for whoever asks, without any rights; where the instance wants that."""
    if not instance().accounts.self_registration:
        raise Http404(gettext("Accounts are made by an administrator here."))
    form = RegistrationForm(request.POST or None)
    act = partial(_is_registered, request, form)
    return _asked(request, "mini_buildd/register.html", {"form": form}, act, reverse("me"))


def _is_registered(request: HttpRequest, form: RegistrationForm) -> bool:
    throttle().demand("", peer_of(request))
    throttle().failed("", peer_of(request))  # so that nobody makes them by the thousand
    if not form.is_valid():
        return False
    with transaction.atomic():
        user = form.save()
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        name = user.get_username()
        note(actor_of(request), "registered", at=now(), kind="account", name=name)
    return True
