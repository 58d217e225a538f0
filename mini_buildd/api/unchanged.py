"""Every answer says that it is for whoever asked alone, and when it is the same as before."""

import hashlib
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers


def marked(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """*response* with its mark; who asks again is told when it is the same (RFC 9110 §13)."""
    patch_vary_headers(response, ("Authorization", "Cookie"))
    response.setdefault("Cache-Control", "private, no-cache")
    if request.method not in {"GET", "HEAD"} or response.status_code != HTTPStatus.OK:
        return response
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response["ETag"] = etag
    unchanged = get_conditional_response(request, etag=etag, response=response)
    return unchanged if isinstance(unchanged, HttpResponse) else response
