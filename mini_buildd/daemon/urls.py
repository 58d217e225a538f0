"""Every address that Django serves: the pages and the API, which know nothing of each other.

The API takes longer to import than all the rest of the daemon, and a quarter of its memory. So it
is imported when somebody calls it first, and not while pages look up the addresses of one another.
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path
from django.urls.resolvers import RoutePattern, URLResolver
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt

from mini_buildd.api.going_on import is_plain, show
from mini_buildd.web import urls as pages

handler400 = pages.handler400
handler403 = pages.handler403
handler404 = pages.handler404
handler500 = pages.handler500

_STATUS = "api/v1/status"


class _Later(URLResolver):
    """Addresses in a module that is imported when one of them is asked for.

    None of them has a name that others could look up: for that all of them would be needed.
    """

    def _populate(self) -> None:
        language = get_language()
        self._reverse_dict[language] = MultiValueDict()
        self._namespace_dict[language] = {}  # type: ignore[attr-defined]  # not in the stubs
        self._app_dict[language] = {}  # type: ignore[attr-defined]  # the same
        self._populated = True


_api = _Later(RoutePattern("api/"), "mini_buildd.api.urls")


@csrf_exempt  # the API asks for it by itself, where it has to
def _status(request: HttpRequest) -> HttpResponseBase:
    """What goes on: monitors ask for that, and nothing else of the API is needed to say it."""
    if is_plain(request):
        return show(request)
    match = _api.resolve(_STATUS)
    request.resolver_match = match
    answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    return answer


urlpatterns = [path(_STATUS, _status), _api, *pages.urlpatterns]
