"""What a page may load: its own files and nothing else, and no script or style inside the text.

A build log is written by strangers; should one ever get markup into a page, the browser still runs
nothing of it.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class ContentSecurity:
    """Adds the Content-Security-Policy to every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer *request*."""
        response = self._get_response(request)
        response["Content-Security-Policy"] = POLICY
        return response
