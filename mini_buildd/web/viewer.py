"""Each request is looked at by whoever has signed in; the API's door may find somebody else."""

from collections.abc import Callable
from contextlib import suppress

from django.http import HttpRequest, HttpResponseBase

from mini_buildd.db.visibility import look_as, seen_by
from mini_buildd.domain.problem import SignInFailed, TooManyAttempts
from mini_buildd.flow.hosted import site
from mini_buildd.flow.sign_in import sign_in
from mini_buildd.incoming.credentials import from_header
from mini_buildd.web.administrators import actor_of
from mini_buildd.web.forwarded import peer_of


class Viewer:
    """Says for each request who looks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer *request*."""
        with seen_by(lambda: actor_of(request)):
            return self._get_response(request)


def look_as_given(request: HttpRequest) -> None:
    """Let whoever the request's Authorization names look; for what curl and apt ask for.

    Nothing that is wrong with it is told: who is not known sees what everybody sees.
    """
    credentials = from_header(request.headers.get("Authorization", ""))
    if credentials is not None:
        with suppress(SignInFailed, TooManyAttempts):
            look_as(sign_in(site(), credentials.account, credentials.secret, peer_of(request)))


def demand_given(request: HttpRequest) -> None:
    """The same, but who says something wrong is told so. Raises SignInFailed, TooManyAttempts."""
    credentials = from_header(request.headers.get("Authorization", ""))
    if credentials is not None:
        look_as(sign_in(site(), credentials.account, credentials.secret, peer_of(request)))
