"""Behind a trusted proxy, pages see who asks and by which scheme; from anybody else it is no word.

The rest of Django looks at REMOTE_ADDR and at the scheme, so that is where it is put.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from mini_buildd.domain.proxies import is_trusted, parse_networks, real_peer
from mini_buildd.flow.hosted import instance


class Forwarded:
    """Takes X-Forwarded-For and -Proto from who is trusted, and drops all that looks like them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer *request*."""
        trusted = parse_networks(instance().http.trusted_proxies)
        said = {
            name: request.META.pop(f"HTTP_X_FORWARDED_{name}", "")
            for name in ("FOR", "PROTO", "HOST", "PORT", "PREFIX")
        }
        direct = request.META.get("REMOTE_ADDR", "")
        if is_trusted(direct, trusted):
            request.META["REMOTE_ADDR"] = real_peer(direct, said["FOR"], trusted)
            if said["PROTO"].strip().lower() == "https":
                request.META["wsgi.url_scheme"] = "https"
        return self._get_response(request)


def peer_of(request: HttpRequest) -> str:
    """The address of who asks."""
    found: str = request.META.get("REMOTE_ADDR", "")
    return found
