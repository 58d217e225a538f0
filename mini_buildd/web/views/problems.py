"""Pages for requests that cannot be answered, in our look."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404; the text of a Http404 that a view of ours raised is meant for people."""
    said = exception.args[0] if exception.args else ""
    text = said if isinstance(said, str) and said else gettext("There is no page at this address.")
    return _answer(request, 404, gettext("Not found"), text)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    del exception  # it may quote the request; the log has it
    return _answer(
        request, 400, gettext("Bad request"), gettext("This request cannot be understood.")
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    del exception
    return _answer(
        request, 403, gettext("Not allowed"), gettext("Your account may not see this page.")
    )


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that did not come from a page of ours, or from one of long ago."""
    del reason
    text = gettext(
        "This form is too old, or was not sent from here. Go back, load its page again, and send "
        "it once more. Nothing was changed."
    )
    if settings.CSRF_COOKIE_SECURE and not request.is_secure():
        text += " " + gettext(
            "This came over plain HTTP, by which nobody can sign in here: use https://."
        )
    return _answer(request, 403, gettext("Not allowed"), text)


def broken(request: HttpRequest) -> HttpResponse:
    """500; nothing is asked of the database, which may be what broke."""
    text = gettext("This page could not be made. The cause stands in the log of the daemon.")
    return render(request, "mini_buildd/broken.html", {"text": text}, status=500)


def _answer(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    context = {"title": title, "text": text, "status": status}
    return render(request, "mini_buildd/problem.html", context, status=status)
