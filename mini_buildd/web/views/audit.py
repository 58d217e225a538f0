"""The audit log, for administrators."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.audit import AuditFilter, audit_kinds, list_audit
from mini_buildd.domain.permission import Act, demand
from mini_buildd.domain.problem import NotAllowed
from mini_buildd.web.administrators import actor_of, refused
from mini_buildd.web.views.query_string import before, words


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Who did what, newest first."""
    try:
        demand(actor_of(request), Act.SEE_AUDIT)
    except NotAllowed as problem:
        return refused(request, problem, 403)
    wanted = AuditFilter(words(request, "who"), words(request, "kind"), words(request, "name"))
    given = {"who": wanted.who, "kind": wanted.kind, "name": wanted.name}
    context = {
        "page": list_audit(wanted, before(request)),
        "wanted": wanted,
        "kinds": audit_kinds(),
        "keep": urlencode({name: text for name, text in given.items() if text}),
    }
    return render(request, "mini_buildd/audit.html", context)
