"""Who asks, as the verbs want to know it, and the pages that only administrators may post to."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from mini_buildd.db.actors import actor_for
from mini_buildd.domain.permission import VISITOR, Actor, Door, demand_admin
from mini_buildd.domain.problem import NotAllowed, Problem

Given = ParamSpec("Given")
View = Callable[Concatenate[HttpRequest, Given], HttpResponse]


def actor_of(request: HttpRequest) -> Actor:
    """Whoever is signed in, or nobody; an administrator is who may do everything in Settings."""
    user = request.user
    return actor_for(user.pk, door=Door.PAGE) if user.is_authenticated else VISITOR


def for_administrators(view: View[Given]) -> View[Given]:
    """Let *view* take a POST of an administrator and nothing else; problems are told in our look.

    The verbs ask for themselves as well; here nobody else learns even what would happen.
    """

    def asked(request: HttpRequest, /, *args: Given.args, **kwargs: Given.kwargs) -> HttpResponse:
        demand_admin(actor_of(request), "change what is published")
        return view(request, *args, **kwargs)

    return for_people(wraps(view)(asked))


def for_people(view: View[Given]) -> View[Given]:
    """Let *view* take a POST and nothing else; its verb says who may, problems are in our look."""

    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Given.args, **kwargs: Given.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotAllowed as problem:
            return refused(request, problem, 403)
        except Problem as problem:
            return refused(request, problem, 409)

    return guarded


def refused(request: HttpRequest, problem: Problem, status: int) -> HttpResponse:
    """*problem* as a page of its own."""
    return render(request, "mini_buildd/refused.html", {"problem": problem}, status=status)
