"""The field Idempotency-Key: the same POST with the same key is done once, and answered alike."""

import hashlib
import re
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import ParameterUnknown
from mini_buildd.flow.hosted import site
from mini_buildd.flow.once import Answered, begin_once, drop_once, end_once

KEY_PATTERN = "^[!-~]{1,200}$"
_FIELD = "Idempotency-Key"
_KEY = re.compile(KEY_PATTERN)


class AnsweredBefore(Exception):
    """The request has an answer already."""

    def __init__(self, answered: Answered) -> None:
        super().__init__(answered.status)
        self.answered = answered


def ask_once(request: HttpRequest, actor: Actor) -> None:
    """Raise AnsweredBefore when *actor* has asked the same before, by the same key."""
    key = request.headers.get(_FIELD)
    if key is None or request.method != "POST":
        return
    if _KEY.fullmatch(key) is None:
        raise ParameterUnknown(
            expected=f"{_FIELD}: 1 to 200 visible characters of ASCII",
            found=repr(key[:40]),
            hint="Take a UUID.",
        )
    if not actor.name:
        return
    asked = f"{request.method} {request.get_full_path()}\n".encode() + request.body
    answered = begin_once(site(), actor.name, key, hashlib.sha256(asked).hexdigest())
    if answered is not None:
        raise AnsweredBefore(answered)
    request.once = (actor.name, key)  # type: ignore[attr-defined]  # for remember()


def remember(request: HttpRequest, response: HttpResponseBase) -> None:
    """Keep what is said to a request that came with a key; what is refused may come again."""
    asked: tuple[str, str] | None = getattr(request, "once", None)
    if asked is None:
        return
    is_good = HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES
    if not is_good or not isinstance(response, HttpResponse):
        drop_once(*asked)
        return
    is_kept = "no-store" not in response.get("Cache-Control", "")
    content = response.content.decode() if is_kept else ""
    location = response.get("Location", "")
    end_once(*asked, Answered(response.status_code, content, location, is_kept=is_kept))


def forget(request: HttpRequest) -> None:
    """The request has come to no answer."""
    asked: tuple[str, str] | None = getattr(request, "once", None)
    if asked is not None:
        drop_once(*asked)


def on_answered_before(
    request: HttpRequest, before: AnsweredBefore | type[AnsweredBefore]
) -> HttpResponse:
    """What was said then."""
    del request
    if isinstance(before, type):  # ninja's own type says so; it never happens
        raise TypeError(before)
    answered = before.answered
    response = HttpResponse(
        answered.content,
        content_type="application/json",
        status=answered.status,
        headers={"Cache-Control": "private, no-cache"},
    )
    if answered.location:
        response["Location"] = answered.location
    return response
