"""Who asks: a token, an account with its password, whoever is signed in on the pages, or nobody.

A page of somebody else's can make a browser send what it keeps by itself, cookies above all. So
what changes anything needs a token that no browser keeps, or comes from a page of ours.
"""

import base64
import binascii
import re
from typing import Any, cast

from django.http import HttpRequest
from ninja.utils import check_csrf

from mini_buildd.api.once import ask_once
from mini_buildd.db.actors import actor_for
from mini_buildd.db.visibility import look_as
from mini_buildd.domain.permission import VISITOR, Actor, Door
from mini_buildd.domain.problem import BodyRefused, ParameterUnknown, RequestForged, SignInFailed
from mini_buildd.flow.hosted import site
from mini_buildd.flow.sign_in import sign_in

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = frozenset({"", "same-origin", "none"})
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


class ApiDoor:
    """Lets every request in, as who it is; refuses what cannot be meant. Called by ninja."""

    def __init__(self, known: Any) -> None:
        """*known* gives the names of the parameters of a path and a method."""
        self._known = known

    def __call__(self, request: HttpRequest) -> Actor:
        """Whoever asks."""
        self._check_query(request)
        _check_body(request)
        actor = identify(request)
        look_as(actor)
        ask_once(request, actor)
        return actor

    def _check_query(self, request: HttpRequest) -> None:
        match = request.resolver_match
        route = "/" + _PARAMETER.sub(r"{\1}", match.route) if match is not None else ""
        names = self._known(route, request.method or "")
        unknown = sorted(set(request.GET) - set(names))
        if unknown:
            raise ParameterUnknown(
                expected=f"some of: {', '.join(sorted(names))}" if names else "no parameters",
                found=", ".join(unknown)[:200],
                hint="Look the call up at /api/.",
            )


def actor_of(request: HttpRequest) -> Actor:
    """Whom the door has found."""
    return cast("Actor", request.auth)  # type: ignore[attr-defined]  # ninja puts it there


def identify(request: HttpRequest) -> Actor:
    """Who asks. Raises SignInFailed, TooManyAttempts, RequestForged."""
    is_safe = request.method in _SAFE
    if not is_safe and request.headers.get("Sec-Fetch-Site", "") not in _OURS:
        raise _forged("a page of somebody else's")
    field = request.headers.get("Authorization", "")
    if field:
        account, secret = _credentials(field)
        return sign_in(site(), account, secret, request.META.get("REMOTE_ADDR", ""))
    user = request.user
    if not user.is_authenticated:
        return VISITOR
    if not is_safe and check_csrf(request) is not None:
        raise _forged("none, or one of long ago")
    return actor_for(user.pk, door=Door.PAGE)


def _credentials(field: str) -> tuple[str, str]:
    """Account and secret that *field* has; a token needs no account. Raises SignInFailed."""
    scheme, _, rest = field.strip().partition(" ")
    if scheme.lower() == "bearer":
        return "", rest.strip()
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(rest.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            text = ""
        account, colon, secret = text.partition(":")
        if colon:
            return account, secret
    raise SignInFailed(
        expected="Authorization: Bearer and a token, or Basic with a name and a token",
        found=f"something that begins with “{scheme[:20]}”",
        hint="Tokens are made on your account's page.",
    )


def _check_body(request: HttpRequest) -> None:
    if request.method in _SAFE or not int(request.META.get("CONTENT_LENGTH") or 0):
        return
    if request.content_type != "application/json":
        raise BodyRefused(
            expected="Content-Type: application/json",
            found=(request.content_type or "none")[:100],
            hint="Send the body as JSON.",
        )


def _forged(found: str) -> RequestForged:
    return RequestForged(
        expected="a request with a token, or one from a page of ours with its CSRF token",
        found=found,
        hint="Send X-CSRFToken, or use an API token.",
    )
