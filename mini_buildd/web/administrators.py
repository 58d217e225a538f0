"""Who asks, as the verbs want to know it, and the pages that only some may post to."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from mini_buildd.db.actors import actor_for
from mini_buildd.deb.names import MalformedName
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.permission import VISITOR, Act, Actor, Door, demand, may
from mini_buildd.domain.problem import NotAllowed, Problem

Given = ParamSpec("Given")
View = Callable[Concatenate[HttpRequest, Given], HttpResponse]


def actor_of(request: HttpRequest) -> Actor:
    """Whoever is signed in, or nobody; an administrator is who may do everything in Settings."""
    user = request.user
    return actor_for(user.pk, door=Door.PAGE) if user.is_authenticated else VISITOR


def may_in(request: HttpRequest, repository: str = "") -> dict[str, bool]:
    """What whoever asks may do there, by the names of acts, for a page to show just those."""
    actor = actor_of(request)
    return {act.name.lower(): may(actor, act, repository=repository) for act in Act}


def for_those_who_may(act: Act) -> Callable[[View[Given]], View[Given]]:
    """Let a view take a POST of those who may do *act* and nothing else; see for_people.

    It is about the repository that the view's address names, or else about the instance. The verbs
    ask for themselves as well; here nobody else learns even what would happen, or what there is.
    """

    def decorate(view: View[Given]) -> View[Given]:
        def asked(
            request: HttpRequest, /, *args: Given.args, **kwargs: Given.kwargs
        ) -> HttpResponse:
            demand(actor_of(request), act, repository=_repository(kwargs))
            return view(request, *args, **kwargs)

        return for_people(wraps(view)(asked))

    return decorate


def _repository(address: Mapping[str, object]) -> str:
    """The repository that an *address* names, by itself or by one of its distributions."""
    if "distribution" in address:
        try:
            return str(DistributionName.parse(str(address["distribution"])).repository)
        except MalformedName:
            return ""
    return str(address.get("repository", address.get("name", "")))


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
