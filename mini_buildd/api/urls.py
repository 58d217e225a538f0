"""Where the API is; the daemon puts it beside the pages."""

from django.urls import path, re_path

from mini_buildd.api.application import api
from mini_buildd.api.pages import no_such_call, openapi, page

urlpatterns = [
    path("", page, name="api-page"),
    path("v1/openapi.json", openapi, name="api-openapi"),
    path("v1/", api.urls),
    re_path("", no_such_call),  # whatever stands there, also the end of a line
]
