"""The configuration as a whole, for administrators: to keep in git, to compare, to bring about."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from mini_buildd.domain.permission import Act, demand
from mini_buildd.domain.problem import NotAllowed, Problem
from mini_buildd.flow.configuration import (
    compare_configuration,
    export_configuration,
    import_configuration,
)
from mini_buildd.flow.hosted import instance, site, wake
from mini_buildd.web.administrators import actor_of, for_those_who_may, refused

_MOST_BYTES = 3 << 20


@login_required
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """What can be done with it."""
    try:
        demand(actor_of(request), Act.CONFIGURE)
    except NotAllowed as problem:
        return refused(request, problem, 403)
    return render(request, "mini_buildd/configuration.html", {})


@login_required
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """The file."""
    try:
        text = export_configuration(actor_of(request))
    except NotAllowed as problem:
        return refused(request, problem, 403)
    answer = HttpResponse(text, content_type="application/toml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{instance().identity}.toml"'
    return answer


@for_those_who_may(Act.CONFIGURE)
def compare(request: HttpRequest) -> HttpResponse:
    """In what the instance differs from a file, before it is brought about."""
    prunes = bool(request.POST.get("prune"))
    context: dict[str, Any] = {"prunes": prunes}
    try:
        context["text"] = text = _text(request)
        context["changes"] = compare_configuration(text, actor_of(request))
        # The same is tried, and taken back: so what cannot be is told before anybody wants it.
        _import(request, text, prunes=prunes, dry_run=True)
    except NotAllowed:
        raise
    except Problem as problem:
        context["problem"] = problem
    status = 409 if "problem" in context else 200
    return render(request, "mini_buildd/configuration.html", context, status=status)


@for_those_who_may(Act.CONFIGURE)
def bring_about(request: HttpRequest) -> HttpResponse:
    """Import the file that was compared."""
    prunes = bool(request.POST.get("prune"))
    count = _import(request, _text(request), prunes=prunes, dry_run=False)
    told = ngettext("%(count)d thing was changed.", "%(count)d things were changed.", count)
    messages.success(request, told % {"count": count})
    return redirect("configuration")


def _import(request: HttpRequest, text: str, *, prunes: bool, dry_run: bool) -> int:
    changes = import_configuration(
        site().places,
        text,
        actor_of(request),
        clock=site().clock,
        prunes=prunes,
        dry_run=dry_run,
    )
    wake()
    return len(changes)


def _text(request: HttpRequest) -> str:
    """The file that was chosen, or what was typed."""
    file = request.FILES.get("file")
    if file is not None:
        return str(file.read(_MOST_BYTES), "utf-8", "replace")
    # Browsers send the ends of lines as those of mails.
    return request.POST.get("text", "").replace("\r\n", "\n")
