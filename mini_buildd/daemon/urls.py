"""Every address that Django serves: the pages and the API, which know nothing of each other."""

from django.urls import include, path

from mini_buildd.web import urls as pages

handler400 = pages.handler400
handler403 = pages.handler403
handler404 = pages.handler404
handler500 = pages.handler500

urlpatterns = [path("api/", include("mini_buildd.api.urls")), *pages.urlpatterns]
