"""What is logged while a request is answered says which one it is, and for whom.

The server gives each request its number; it writes the line about it when the answer has ended, so
it is told who asked.
"""

from collections.abc import Callable
from urllib.parse import quote

from django.http import HttpRequest, HttpResponseBase

from mini_buildd.kit.log_fields import log_fields, logged_with

ACCOUNT_FIELD = "X-Mini-Buildd-Account"


class RequestLog:
    """The outermost of all, so that nothing is logged without."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer *request*."""
        with logged_with(request=request.headers.get("X-Request-ID", "")):
            response = self._get_response(request)
            account = str(log_fields().get("account", ""))
            if account:
                response.headers[ACCOUNT_FIELD] = quote(account)
            return response
