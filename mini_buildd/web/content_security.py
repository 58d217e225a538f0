"""What a page may load: its own files and nothing else, and no script or style inside the text.

A build log is written by strangers; should one ever get markup into a page, the browser still runs
nothing of it.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control

from mini_buildd.flow.hosted import instance

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'{forms}; base-uri 'none'; frame-ancestors 'none'"
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
        # A form that is answered with a redirect may go no further than this (CSP 3 §6.3.1), and
        # signing in by single sign-on is one.
        issuer = urlsplit(instance().sso.issuer)
        forms = f" {issuer.scheme}://{issuer.netloc}" if issuer.netloc else ""
        self._policy = _POLICY.format(forms=forms)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer *request*."""
        response = self._get_response(request)
        response["Content-Security-Policy"] = self._policy
        response["Permissions-Policy"] = _PERMISSIONS
        # What a page shows depends on who asks; no cache between us may give it to another.
        if "no-store" not in response.get("Cache-Control", ""):
            patch_cache_control(response, private=True)
        return response
