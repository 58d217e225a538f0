"""The administration: Django's own, with our name and its tables grouped by what they are for."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mini_buildd.web.settings_find import find
from mini_buildd.web.views.account import sign_out

Text = str | Promise

_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class _Group:
    """Tables that belong together, and what they are for."""

    name: Text
    purpose: Text
    models: tuple[str, ...]


_GROUPS = (
    _Group(
        _("What packages are built for"),
        _("Releases, such as Debian trixie, and the clean environments that builds start from."),
        ("Base", "Chroot"),
    ),
    _Group(
        _("What builds"),
        _("The machines that build, and what single source packages need of them."),
        ("Builder", "BuildNeeds"),
    ),
    _Group(
        _("What is published"),
        _("Repositories, their suites, and the rules that those follow."),
        ("Repository", "Distribution", "Layout"),
    ),
    _Group(
        _("Who may upload"),
        _("People, their keys, and their rights to repositories."),
        ("Grant", "OpenPGPKey", "TrustedKeyring", "User", "Group"),
    ),
    _Group(
        _("What happened"),
        _("The record, to read only: the daemon alone writes it."),
        (
            "Upload",
            "Source",
            "Job",
            "Attempt",
            "Publication",
            "Snapshot",
            "Event",
            "AuditEntry",
        ),
    ),
)
_RECORD = _GROUPS[-1].models


class SettingsSite(admin.AdminSite):
    """The site at /admin/."""

    site_header = _("Settings")
    site_title = "mini-buildd"
    index_title = _("Settings")
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

    def get_urls(self) -> list[Any]:
        """With the search over all tables (AdminSite)."""
        return [path("find/", self.admin_view(self.find), name="find"), *super().get_urls()]

    def find(self, request: HttpRequest) -> HttpResponse:
        """What of the configuration has the words of ?q= in it."""
        wanted = request.GET.get("q", "").strip()[:_MOST_CHARACTERS]
        tables = [
            table
            for model, table in self._registry.items()
            if model.__name__ not in _RECORD and table.has_view_permission(request)
        ]
        context = {
            **self.each_context(request),
            "title": gettext("Find in the settings"),
            "wanted": wanted,
            "groups": find(tables, request, wanted) if wanted else [],
        }
        return TemplateResponse(request, "admin/find.html", context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Django's list, in our groups; the page of one application stays as it is."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = {model["object_name"]: model for app in apps for model in app["models"]}
        groups = ((each, [models[n] for n in each.models if n in models]) for each in _GROUPS)
        return [
            {
                "name": group.name,
                "purpose": group.purpose,
                "app_label": "mini_buildd",
                "app_url": "",
                "has_module_perms": True,
                "models": found,
            }
            for group, found in groups
            if found
        ]
