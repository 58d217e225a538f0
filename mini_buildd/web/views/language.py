"""Which language somebody reads: a choice that a cookie of their browser keeps."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods
from django.views.i18n import set_language


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """The choice, and with a POST its keeping; then back to where one came from."""
    if request.method == "POST":
        return set_language(request)
    wanted = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return render(
        request, "mini_buildd/language.html", {"next": wanted if is_ours else reverse("now")}
    )
