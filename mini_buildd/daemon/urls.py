"""Every address that Django serves: the pages and the API, which know nothing of each other.

The API takes longer to import than all the rest of the daemon, and a quarter of its memory. So it
is imported when somebody calls it first, and not while pages look up the addresses of one another.
"""

from django.urls.resolvers import RoutePattern, URLResolver
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language

from mini_buildd.web import urls as pages

handler400 = pages.handler400
handler403 = pages.handler403
handler404 = pages.handler404
handler500 = pages.handler500


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


urlpatterns = [_Later(RoutePattern("api/"), "mini_buildd.api.urls"), *pages.urlpatterns]
