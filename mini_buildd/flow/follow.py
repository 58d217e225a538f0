"""Who wants to be told of events as they happen, and how a door says so to the daemon.

A view answers with what there is. When somebody wants what comes after that as well, it hands that
wish over, and ends; the daemon goes on with the connection, and no thread waits for anything.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from mini_buildd.domain.event_filter import EventFilter
from mini_buildd.domain.permission import Actor

# Where the daemon puts what takes the wish. No header field of a request has such a name.
KEY = "mini_buildd.follow"


@dataclass(frozen=True, slots=True)
class Follow:
    """*actor* wants events that fit *wish*, beginning with the one after the number *after*.

    With *wait_seconds*, only until the first one comes or that time is over. *has_more* says that
    the answer was full, so there are more of them already.
    """

    actor: Actor
    wish: EventFilter
    after: int
    wait_seconds: float | None = None
    has_more: bool = False


def hand_over(request: HttpRequest, follow: Follow) -> bool:
    """Let the daemon go on with *request* once it is answered; whether there is one to do so."""
    take: Callable[[Follow], None] | None = request.META.get(KEY)
    if take is None:
        return False
    take(follow)
    return True
