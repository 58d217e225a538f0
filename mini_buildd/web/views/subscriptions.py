"""What one is told by mail: one's subscriptions, one's own uploads, and how that ends."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from mini_buildd.db.queries.subscriptions import list_subscriptions, own_wish_of
from mini_buildd.domain.problem import Problem, SubscriptionImpossible, SubscriptionUnknown
from mini_buildd.domain.subscription import SubscriptionWish, Wants
from mini_buildd.flow.hosted import instance, site
from mini_buildd.flow.subscribe import end_subscription, subscribe, wish_for_own
from mini_buildd.flow.unsubscribe import OWN, parse_token, unsubscribe
from mini_buildd.web.administrators import actor_of, for_people, refused

_OWN_WORDS = (
    (Wants.ALL, gettext_lazy("of all, however they end")),
    (Wants.FAILURES, gettext_lazy("of those that are rejected or fail")),
    (Wants.NOTHING, gettext_lazy("of none")),
)


def mails_of(owner: str) -> dict[str, Any]:
    """What the page of the account *owner* shows of that."""
    return {
        "subscriptions": list_subscriptions(owner),
        "own_wish": own_wish_of(owner).value,
        "own_wishes": [(wants.value, words) for wants, words in _OWN_WORDS],
        "is_mail_sent": bool(instance().mail.host),
    }


@login_required
@for_people
def add(request: HttpRequest) -> HttpResponse:
    """Be told of what the form says; then back to where the button was."""
    said = request.POST
    wish = SubscriptionWish(
        package=said.get("package", "").strip(),
        repository=said.get("repository", "").strip(),
        distribution=said.get("distribution", "").strip(),
        wants=_wants(said.get("wants", Wants.ALL)),
    )
    subscribe(site(), actor_of(request), request.user.get_username(), wish)
    messages.success(request, _("You will be told by mail how uploads of it end."))
    return _back(request)


@login_required
@for_people
def end(request: HttpRequest, number: int) -> HttpResponse:
    """Be told of that no more."""
    end_subscription(site(), actor_of(request), number)
    messages.success(request, _("The subscription is ended."))
    return _back(request)


@login_required
@for_people
def own(request: HttpRequest) -> HttpResponse:
    """Choose what one is told of one's own uploads."""
    wants = _wants(request.POST.get("wants", ""))
    wish_for_own(site(), actor_of(request), request.user.get_username(), wants)
    messages.success(request, _("It is noted which mails you want on your own uploads."))
    return _back(request)


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe_by_mail(request: HttpRequest, token: str) -> HttpResponse:
    """What the link of a letter leads to: a button; mail programs press it by themselves.

    Looking at it changes nothing, since programs look at what stands in mails. A POST needs neither
    an account nor a form of ours (RFC 8058): what counts is the address, which is signed.
    """
    try:
        what, _number = parse_token(token)
        is_done = request.method == "POST"
        if is_done:
            unsubscribe(token)
    except SubscriptionUnknown as problem:
        return refused(request, problem, 404)
    except Problem as problem:
        return refused(request, problem, 409)
    context = {"is_own": what == OWN, "is_done": is_done}
    return render(request, "mini_buildd/unsubscribe.html", context)


def _wants(text: str) -> Wants:
    try:
        return Wants(text)
    except ValueError:
        raise SubscriptionImpossible(
            expected=gettext("all, failures or nothing"),
            found=text[:20] or "nothing",
            hint=gettext("Choose one of them."),
        ) from None


def _back(request: HttpRequest) -> HttpResponse:
    """To the page of ours that the form stood on, or to one's own."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, allowed_hosts=None) and target.startswith("/"):
        return redirect(target)
    return redirect("me")
