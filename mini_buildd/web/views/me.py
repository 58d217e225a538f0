"""One's own account: who one is, what one may, and one's keys and tokens."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from mini_buildd.db.queries.people import find_account
from mini_buildd.db.queries.tokens import list_tokens
from mini_buildd.db.queries.webhooks import list_webhooks
from mini_buildd.domain.permission import Role, Scope
from mini_buildd.domain.problem import Problem, TokenImpossible
from mini_buildd.domain.token import DEFAULT_DAYS, MOST_DAYS, TokenWish, parse_scopes
from mini_buildd.flow import token as tokens
from mini_buildd.flow.hosted import site
from mini_buildd.web.administrators import actor_of, for_people
from mini_buildd.web.views.my_keys import keys_of
from mini_buildd.web.views.subscriptions import mails_of

_SCOPE_WORDS = {
    Scope.READ: gettext_lazy("see what I may see, and install from private repositories"),
    Scope.UPLOAD: gettext_lazy("upload, and cancel or retry my own builds"),
    Scope.CHANGE: gettext_lazy(
        "everything else that I may do, but for accounts, keys, tokens and webhooks"
    ),
}
_DAYS = (7, 30, DEFAULT_DAYS, MOST_DAYS)


@never_cache
@login_required
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    return _page(request)


def _page(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    account = find_account(request.user.get_username())
    at = now()
    found = list_tokens(account.name)
    context = {
        "account": account,
        "uploads_to": [row for row in account.rights if row.role >= Role.UPLOADER],
        "tokens": [row for row in found if row.is_good(at)],
        "ended_tokens": [row for row in found if not row.is_good(at)][:10],
        "scopes": [(scope.value, words) for scope, words in _SCOPE_WORDS.items()],
        "days": _DAYS,
        "default_days": DEFAULT_DAYS,
        **keys_of(account.name),
        **mails_of(account.name),
        "webhook_count": len(list_webhooks(account.name)),
        **more,
    }
    return render(request, "mini_buildd/me.html", context, status=status)


@never_cache
@login_required
@require_POST
def make_token(request: HttpRequest) -> HttpResponse:
    """A token for oneself. Its secret stands in this answer, and nowhere else."""
    try:
        made = tokens.make_token(
            site(), actor_of(request), request.user.get_username(), _wish(request)
        )
    except Problem as problem:
        return _page(request, 409, problem=problem)
    return _page(request, made=made)


def _wish(request: HttpRequest) -> TokenWish:
    said = request.POST
    days = said.get("days", "")
    if days not in map(str, _DAYS):
        raise TokenImpossible(
            expected=gettext("one of %(days)s days") % {"days": ", ".join(map(str, _DAYS))},
            found=days[:20] or "nothing",
            hint=gettext("Choose how long it is good for."),
        )
    name = " ".join(said.get("name", "").split())
    return TokenWish(name, parse_scopes(said.getlist("scope")), int(days))


@login_required
@for_people
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """Let one of one's own tokens be good for nothing."""
    row = tokens.revoke_token(site(), actor_of(request), token_id)
    messages.success(
        request, gettext("The token “%(name)s” lets nobody in any more.") % {"name": row.name}
    )
    return redirect("me")
