"""What a page may load: its own files and nothing else, and no script or style inside the text.

A build log is written by strangers; should one ever get markup into a page, the browser still runs
nothing of it.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


# What no page of ours has a use for.
_PERMISSIONS = ", ".join(
    f"{name}=()"
    for name in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
)


class ContentSecurity:
    """Adds to every answer what a browser may do with it, and that it is for nobody else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer *request*."""
        response = self._get_response(request)
        response["Content-Security-Policy"] = POLICY
        response["Permissions-Policy"] = _PERMISSIONS
        # What a page shows depends on who asks; no cache between us may give it to another.
        if "no-store" not in response.get("Cache-Control", ""):
            patch_cache_control(response, private=True)
        return response
