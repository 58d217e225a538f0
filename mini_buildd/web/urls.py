"""Every page and its address."""

from django.contrib import admin
from django.urls import path

from mini_buildd.web.views import builds, events, now, repositories, uploads

handler400 = "mini_buildd.web.views.problems.bad_request"
handler403 = "mini_buildd.web.views.problems.forbidden"
handler404 = "mini_buildd.web.views.problems.not_found"
handler500 = "mini_buildd.web.views.problems.broken"

urlpatterns = [
    path("", now.show, name="now"),
    path("uploads/", uploads.listing, name="uploads"),
    path("uploads/<int:upload_id>/", uploads.show, name="upload"),
    path("builds/", builds.listing, name="builds"),
    path("builds/<int:job_id>/", builds.show, name="build"),
    path("builds/<int:job_id>/log", builds.log, name="build-log"),
    path("builds/<int:job_id>/log.txt", builds.raw, name="build-raw"),
    path("repositories/", repositories.listing, name="repositories"),
    path("repositories/<str:name>/", repositories.show, name="repository"),
    path("events/", events.listing, name="events"),
    path("admin/", admin.site.urls),
]
