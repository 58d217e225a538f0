"""The rights to a repository: who has them, giving them, and taking them back."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.choices import repository_names, suite_names
from mini_buildd.db.queries.rights import list_rights
from mini_buildd.domain.permission import Act, Role, demand
from mini_buildd.domain.problem import NotAllowed, RightImpossible
from mini_buildd.flow.hosted import site
from mini_buildd.flow.rights import GIVEN, Right, Whom, give_right, withdraw_right
from mini_buildd.web.administrators import actor_of, for_those_who_may, may_in, refused

_KINDS = ("account", "group", "keyring")


@login_required
@require_safe
def listing(request: HttpRequest, name: str) -> HttpResponse:
    """All of them, and a form for one more."""
    try:
        demand(actor_of(request), Act.GIVE_RIGHTS, repository=name)
    except NotAllowed as problem:
        return refused(request, problem, 403)
    if name not in repository_names():
        raise Http404(gettext("There is no repository “%(name)s”.") % {"name": name})
    may = may_in(request, name)
    context = {
        "name": name,
        "rights": [(row, row.role < Role.OWNER or may["configure"]) for row in list_rights(name)],
        "roles": [role.word for role in GIVEN if role < Role.OWNER or may["configure"]],
        "kinds": _KINDS,
        "suites": suite_names(name),
    }
    return render(request, "mini_buildd/rights.html", context)


@for_those_who_may(Act.GIVE_RIGHTS)
def give(request: HttpRequest, name: str) -> HttpResponse:
    """One right more."""
    said = request.POST
    right = Right(
        repository=name,
        role=_role(said.get("role", "")),
        suite=said.get("suite", ""),
        sources=said.get("sources", ""),
        may_add_sources="only_old" not in said,
    )
    give_right(site(), actor_of(request), _whom(request), right)
    messages.success(
        request,
        gettext("%(whom)s is %(word)s of %(name)s.")
        % {"whom": said.get("whom", ""), "word": right.role.word, "name": name},
    )
    return redirect("repository-rights", name)


def _role(word: str) -> Role:
    for role in GIVEN:
        if role.word == word:
            return role
    raise RightImpossible(
        expected=gettext("reader, uploader or owner"),
        found=word[:20] or "nothing",
        hint=gettext("Choose what they are to be."),
    )


def _whom(request: HttpRequest) -> Whom:
    kind, name = request.POST.get("kind", ""), request.POST.get("whom", "").strip()
    match kind:
        case "account":
            return Whom(account=name)
        case "group":
            return Whom(group=name)
        case _:
            return Whom(keyring=name, fingerprint=request.POST.get("fingerprint", ""))


@for_those_who_may(Act.GIVE_RIGHTS)
def withdraw(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """One right less."""
    withdraw_right(site(), actor_of(request), name, number)
    messages.success(request, gettext("The right is withdrawn."))
    return redirect("repository-rights", name)
