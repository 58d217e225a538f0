"""The administration: Django's own, with our name and its tables grouped by what they are for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from mini_buildd.web.views.account import sign_out

_GROUPS: Mapping[str, tuple[str, ...]] = {
    "What packages are built for": ("Base", "Chroot"),
    "What builds": ("Builder", "BuildNeeds"),
    "What is published": ("Repository", "Distribution", "Layout"),
    "Who may upload": ("Grant", "OpenPGPKey", "TrustedKeyring", "User", "Group"),
    "What happened (to read only)": (
        "Upload",
        "Source",
        "Job",
        "Attempt",
        "Publication",
        "Snapshot",
        "Event",
        "AuditEntry",
    ),
}


class SettingsSite(admin.AdminSite):
    """The site at /admin/."""

    site_header = "mini-buildd settings"
    site_title = "mini-buildd"
    index_title = "Settings"
    enable_nav_sidebar = False

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Where everybody signs in; who is in already and may not be here is told so."""
        del extra_context
        wanted = request.GET.get("next", reverse("admin:index"))
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        return redirect(f"{reverse('sign-in')}?{urlencode({'next': wanted})}")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The same way out for everybody."""
        del extra_context
        return sign_out(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The same page for everybody."""
        del request, extra_context
        return redirect("password")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Django's list, in our groups; the page of one application stays as it is."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = {model["object_name"]: model for app in apps for model in app["models"]}
        groups = (
            (title, [models[name] for name in names if name in models])
            for title, names in _GROUPS.items()
        )
        return [
            {
                "name": title,
                "app_label": "mini_buildd",
                "app_url": "",
                "has_module_perms": True,
                "models": found,
            }
            for title, found in groups
            if found
        ]
