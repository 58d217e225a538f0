"""The administration: Django's own, with our name and its tables grouped by what they are for."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

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
