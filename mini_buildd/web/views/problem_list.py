"""The page that explains every cause for which something is refused."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from mini_buildd.domain.problem_list import problem_kinds


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """All of them, those of uploads first; each can be linked to by its code."""
    kinds = problem_kinds()
    parts = [
        {
            "id": "uploads",
            "title": gettext("Rejected uploads"),
            "rows": [kind for kind in kinds if kind.is_rejection],
        },
        {
            "id": "others",
            "title": gettext("All else"),
            "rows": [kind for kind in kinds if not kind.is_rejection],
        },
    ]
    return render(request, "mini_buildd/problems.html", {"parts": parts})
