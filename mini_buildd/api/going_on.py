"""What goes on, which monitors ask for all the time.

It is told without the rest of the API where that makes no difference: to load that takes a second
and a quarter of the daemon's memory, and many instances are never asked for anything else.
"""

import json
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version

from django.http import HttpRequest, HttpResponse

from mini_buildd.api.unchanged import marked
from mini_buildd.db.queries.builds import count_under_way
from mini_buildd.db.queries.queue import last_event
from mini_buildd.flow.hosted import instance, outlook, troubles
from mini_buildd.wire.api.status import Status


def going_on() -> Status:
    """What goes on at this moment, of what whoever looks may see."""
    return Status(
        identity=instance().identity,
        version=_version(),
        running=count_under_way(),
        waiting=len(outlook().order),
        last_event=last_event(),
        troubles=tuple(f"{each.name}: {each.why}" for each in troubles()),
    )


def is_plain(request: HttpRequest) -> bool:
    """Whether there is nothing to check: no token or password, and no parameter."""
    is_bare = not request.META.get("QUERY_STRING") and "Authorization" not in request.headers
    return request.method == "GET" and is_bare


def show(request: HttpRequest) -> HttpResponse:
    """The same answer as that of the API, to a request that is plain."""
    text = json.dumps(asdict(going_on()))
    return marked(request, HttpResponse(text, content_type="application/json; charset=utf-8"))


def _version() -> str:
    try:
        return version("mini-buildd")
    except PackageNotFoundError:  # run from a checkout
        return ""
