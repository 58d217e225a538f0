"""What nobody in particular asks for again and again is made once, and kept for a moment.

Home, and what goes on for programs, are asked for by every open browser and by every monitor. An
answer is given again as long as nothing in the database has changed, to who asks for the same in
the same words and says nothing of who they are; and for a second at most, since disks, keys and
clocks change without the database.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response

from mini_buildd.db.unchanged import State, state
from mini_buildd.flow.follow import KEY

PATHS = frozenset({"/", "/api/v1/status"})
_SECONDS = 1.0
_MOST = 16  # forms of the answer, by the words of who asks
# All that an answer may depend on besides the path; with any of the others it is made anew.
_WORDS = ("HTTP_HOST", "HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "wsgi.url_scheme")
_PERSONAL = ("HTTP_COOKIE", "HTTP_AUTHORIZATION", KEY)

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes
    fields: tuple[tuple[str, str], ...]

    def again(self, request: HttpRequest) -> HttpResponseBase:
        """It as one of its own, or that it is what *request* has already."""
        response = HttpResponse(self.body, headers=dict(self.fields))
        etag = response.get("ETag")
        if etag is None:
            return response
        return get_conditional_response(request, etag=etag, response=response) or response


class _Kept(threading.local):
    """Of one thread: answers by the words of who asked, all made of one state."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.since = 0.0
        self.answers: dict[Words, _Answer] = {}

    def renew(self, now: State) -> None:
        """Drop all when it is of another state or too old."""
        at = time.monotonic()
        if now != self.state or at - self.since > _SECONDS or len(self.answers) >= _MOST:
            self.state, self.since, self.answers = now, at, {}


class Kept:
    """Gives an answer again that was made just now; within RequestLog and Forwarded."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._kept = _Kept()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer *request*."""
        words = _words(request)
        # The state is asked for first: what changes while the answer is made makes it an old one.
        now = state() if words is not None else None
        if words is None or now is None:
            return self._get_response(request)
        self._kept.renew(now)
        found = self._kept.answers.get(words)
        if found is not None:
            return found.again(request)
        response = self._get_response(request)
        if isinstance(response, HttpResponse) and _is_for_all(response):
            self._kept.answers[words] = _Answer(response.content, tuple(response.items()))
        return response


def _words(request: HttpRequest) -> Words | None:
    """What the answer depends on; None when it is for this request alone."""
    meta = request.META
    if request.method != "GET" or request.path_info not in PATHS or meta.get("QUERY_STRING"):
        return None
    if any(meta.get(name) for name in _PERSONAL):
        return None
    return (request.path_info, *(str(meta.get(name, "")) for name in _WORDS))


def _is_for_all(response: HttpResponse) -> bool:
    return response.status_code == HTTPStatus.OK and not response.cookies
