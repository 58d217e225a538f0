"""Where the API is; the daemon puts it beside the pages."""

from django.urls import URLPattern, path, re_path

from mini_buildd.api.application import api
from mini_buildd.api.methods import polite
from mini_buildd.api.pages import no_such_call, openapi, page

_calls, _app, _namespace = api.urls
for _call in _calls:
    if isinstance(_call, URLPattern) and _call.callback is not None:
        _call.callback = polite(_call.callback)

urlpatterns = [
    path("", page, name="api-page"),
    path("v1/openapi.json", openapi, name="api-openapi"),
    path("v1/", no_such_call),
    path("v1/", (_calls, str(_app), str(_namespace))),
    re_path("", no_such_call),  # whatever stands there, also the end of a line
]
