"""Around each call: HEAD wherever there is GET (RFC 9110 §9.3.2), a problem where there is none."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from mini_buildd.api.once import forget, remember
from mini_buildd.api.problems import by_status

View = Callable[..., HttpResponseBase]


def polite(view: View) -> View:
    """*view* of ninja, which knows neither; and what is asked once is answered once."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = request.method
        if asked == "HEAD":
            request.method = "GET"  # the server leaves the body out
        try:
            response = view(request, *args, **kwargs)
        except BaseException:
            forget(request)
            raise
        request.method = asked
        remember(request, response)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        allowed = sorted(name.strip() for name in response["Allow"].split(","))
        told = by_status(HTTPStatus.METHOD_NOT_ALLOWED, f"There is: {', '.join(allowed)}.")
        told["Allow"] = ", ".join([*allowed, "HEAD"] if "GET" in allowed else allowed)
        return told

    return answered
