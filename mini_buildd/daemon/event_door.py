"""Streams of events, and calls that wait for one: connections without a thread each.

Django answers as to any request: who asks, what they may see, what there is until now. The view
hands over what is wanted beyond that (flow/follow.py); from then on the hub tells.
"""

from http import HTTPStatus
from typing import Any

import msgspec

from mini_buildd.daemon.django_call import Answered, environ_of, send
from mini_buildd.daemon.event_desk import EventDesk
from mini_buildd.daemon.event_followers import Poll, Stream
from mini_buildd.wire.api.problem import MEDIA_TYPE, unexplained

_LIST = b"/api/v1/events/"
_STREAM = b"/api/v1/events/stream"


class EventDoor:
    """Takes the requests that may wait."""

    def __init__(self, desk: EventDesk) -> None:
        self._desk = desk

    def takes(self, request: Any) -> bool:
        """Whether *request* is one of them."""
        if request.method != b"GET":
            return False
        path, _, query = request.uri.partition(b"?")
        return path == _STREAM or (path == _LIST and b"wait=" in query)

    def answer(self, request: Any) -> None:
        """Answer it, now or some time."""
        _Arrival(request, self._desk).begin()


class _Arrival:
    """A request until it is known what it wants."""

    def __init__(self, request: Any, desk: EventDesk) -> None:
        self._request = request
        self._desk = desk
        self._is_gone = False

    def begin(self) -> None:
        """Ask Django."""
        self._request.notifyFinish().addBoth(self._gone)
        self._environ = environ_of(self._request)
        self._desk.ask(self._environ, self._answered)

    def _gone(self, _: object) -> None:
        self._is_gone = True

    def _answered(self, answered: Answered) -> None:
        if self._is_gone:
            return
        follow = answered.follow
        if follow is None:
            send(self._request, answered)
        elif follow.wait_seconds is not None:
            if self._desk.is_full:  # who is one too many is answered at once, and asks again
                send(self._request, answered)
            else:
                Poll(self._request, self._desk, self._environ, answered, follow).begin()
        elif self._desk.is_full:
            send(self._request, _full())
        else:
            Stream(self._request, self._desk, self._environ, follow).begin(answered)


def _full() -> Answered:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    fields = ((b"Content-Type", MEDIA_TYPE.encode()), (b"Retry-After", b"30"))
    return Answered(status, fields, msgspec.json.encode(unexplained(status, "too-many-watchers")))
