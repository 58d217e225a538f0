"""Webhooks: one's own, all of them for administrators, and how each of them does."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from mini_buildd.db.queries.webhooks import (
    WebhookRow,
    failed_of_programs,
    find_webhook,
    list_deliveries,
    list_webhooks,
)
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import NotAllowed, Problem, WebhookImpossible
from mini_buildd.domain.webhook import DeliveryState, Filter, WebhookWish, parse_kinds
from mini_buildd.flow import webhook as verbs
from mini_buildd.flow.hosted import instance, site, wake
from mini_buildd.notify.program import find_programs
from mini_buildd.web.administrators import actor_of, for_people, refused
from mini_buildd.web.views.query_string import before, choice

_HOURS = (1, 24, 24 * 7)


def kind_groups() -> list[tuple[str, list[str]]]:
    """All kinds of events, by what stands before their full stop."""
    groups: dict[str, list[str]] = {}
    for kind in EventKind:
        groups.setdefault(kind.value.partition(".")[0], []).append(kind.value)
    return list(groups.items())


@never_cache
@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The page."""
    return _page(request)


def _page(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    """One's webhooks, or all, with the programs, for administrators; and a form for one more."""
    actor = actor_of(request)
    context = {
        "webhooks": list_webhooks("" if actor.is_admin else actor.name),
        "is_admin": actor.is_admin,
        "programs": _programs() if actor.is_admin else (),
        "hooks_folder": instance().hooks.folder_in(instance().home),
        "kind_groups": kind_groups(),
        "said": request.POST,
        "said_kinds": request.POST.getlist("kinds"),
        **more,
    }
    return render(request, "mini_buildd/webhooks.html", context, status=status)


def _programs() -> Iterable[tuple[Any, int]]:
    """The programs of hooks.d, each with how many of its runs have failed for good."""
    failed = failed_of_programs()
    found = find_programs(instance().hooks.folder_in(instance().home))
    return [(each, failed.get(each.name, 0)) for each in found]


@never_cache
@login_required
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """One more. Its secret stands in this answer, and nowhere else."""
    try:
        wish = _wish(request)
        made = verbs.make_webhook(site(), actor_of(request), request.user.get_username(), wish)
    except NotAllowed as problem:
        return refused(request, problem, 403)
    except Problem as problem:
        return _page(request, 409, problem=problem)
    return _show(request, made.row, secret=made.secret)


def _wish(request: HttpRequest) -> WebhookWish:
    said = request.POST
    wanted = Filter(
        kinds=parse_kinds(" ".join(said.getlist("kinds"))),
        package=said.get("package", "").strip(),
        distribution=said.get("distribution", "").strip(),
        repository=said.get("repository", "").strip(),
    )
    return WebhookWish(said.get("url", "").strip(), " ".join(said.get("name", "").split()), wanted)


@never_cache
@login_required
@require_safe
def show(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """One, with its history."""
    return _show(request, _find(actor_of(request), webhook_id))


def _find(actor: Actor, number: int) -> WebhookRow:
    row = find_webhook(number)
    if row is None or not (actor.is_admin or row.owner == actor.name):
        raise Http404(gettext("You have no webhook %(number)s.") % {"number": number})
    return row


def _show(request: HttpRequest, row: WebhookRow, secret: str = "") -> HttpResponse:
    state = choice(request, "state", DeliveryState)
    context = {
        "webhook": row,
        "page": list_deliveries(row.id, state=state, before=before(request)),
        "state": state.value if state is not None else "",
        "states": list(DeliveryState),
        "hours": _HOURS,
        "secret": secret,
        "is_another": row.owner != request.user.get_username(),
        "is_moving": any(
            each.state is DeliveryState.WAITING for each in list_deliveries(row.id, count=5).rows
        )
        and not secret,
    }
    return render(request, "mini_buildd/webhook.html", context)


@never_cache
@login_required
@require_safe
def program(request: HttpRequest, name: str) -> HttpResponse:
    """What one program of hooks.d was run for; for administrators."""
    if not actor_of(request).is_admin:
        raise Http404(gettext("There is no such page."))
    page = list_deliveries(None, name, before=before(request))
    known = {each.name for each, _failed in _programs()}
    if not page.rows and name not in known:
        raise Http404(gettext("There is no program %(name)s.") % {"name": name})
    return render(request, "mini_buildd/hook_program.html", {"name": name, "page": page})


@login_required
@for_people
def switch(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Off, or on again."""
    is_on = request.POST.get("on") == "yes"
    verbs.switch_webhook(site(), actor_of(request), webhook_id, is_on=is_on)
    messages.success(
        request, _("The webhook is switched on.") if is_on else _("The webhook is switched off.")
    )
    return redirect("webhook", webhook_id)


@login_required
@for_people
def remove(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """For good."""
    verbs.remove_webhook(site(), actor_of(request), webhook_id)
    messages.success(request, _("The webhook is removed."))
    return redirect("webhooks")


@never_cache
@login_required
@for_people
def renew(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Another secret, which stands in this answer only."""
    made = verbs.renew_secret(site(), actor_of(request), webhook_id)
    return _show(request, made.row, secret=made.secret)


@login_required
@for_people
def test(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Send something that is no event."""
    verbs.ping(site(), actor_of(request), webhook_id)
    wake()
    messages.success(request, _("A test is on its way; the history tells how it goes."))
    return redirect("webhook", webhook_id)


@login_required
@for_people
def replay(request: HttpRequest, webhook_id: int, delivery_id: int) -> HttpResponse:
    """Send one delivery once more."""
    verbs.replay(site(), actor_of(request), webhook_id, delivery_id)
    wake()
    messages.success(request, _("It is sent once more."))
    return redirect("webhook", webhook_id)


@login_required
@for_people
def replay_since(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Send all of the last hours once more."""
    hours = request.POST.get("hours", "")
    if hours not in map(str, _HOURS):
        raise WebhookImpossible(
            expected=gettext("one of %(hours)s hours") % {"hours": ", ".join(map(str, _HOURS))},
            found=hours[:20] or "nothing",
            hint=gettext("Choose since when."),
        )
    count = verbs.replay_since(
        site(),
        actor_of(request),
        webhook_id,
        now() - timedelta(hours=int(hours)),
        only_failed="only_failed" in request.POST,
    )
    wake()
    said = ngettext(
        "%(count)d delivery is sent once more.", "%(count)d deliveries are sent once more.", count
    )
    messages.success(request, said % {"count": count})
    return redirect("webhook", webhook_id)
