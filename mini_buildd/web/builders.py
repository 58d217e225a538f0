"""The administration of who builds, and of what single packages need."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mini_buildd.db.models import Builder
from mini_buildd.web.configuration import Configured
from mini_buildd.web.list_actions import asks_first


class BuilderAdmin(Configured):
    """Builders."""

    list_display = (
        "name",
        "is_enabled",
        "slots",
        "cores",
        "memory_mb",
        "architectures",
        "tags",
        "set_aside_until",
    )
    list_filter = ("is_enabled",)
    search_fields = ("name", "architectures", "tags")
    actions = ("enable", "disable")
    readonly_fields = (
        "name",
        "slots",
        "cores",
        "memory_mb",
        "disk_mb",
        "architectures",
        "tags",
        "seen_at",
        "faults",
        "set_aside_at",
        "set_aside_until",
        "set_aside_reason",
    )
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "is_enabled"),
                "description": _(
                    "A builder that is not enabled is given no new jobs; those that it has go on."
                ),
            },
        ),
        (
            _("What it says of itself"),
            {
                "fields": (
                    ("slots", "cores", "memory_mb", "disk_mb"),
                    ("architectures", "tags"),
                    "seen_at",
                )
            },
        ),
        (
            _("Set aside after faults of its own"),
            {"fields": ("faults", ("set_aside_at", "set_aside_until"), "set_aside_reason")},
        ),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Builders enlist by themselves."""
        del request, obj
        return False

    @asks_first(_("Give them jobs"), _("They are given new jobs again."))
    def enable(self, request: HttpRequest, rows: QuerySet[Builder]) -> None:
        """Let them build."""
        self.switch(request, rows, is_enabled=True)

    @asks_first(
        _("Give them no more jobs"), _("They are given no new jobs; what they build now goes on.")
    )
    def disable(self, request: HttpRequest, rows: QuerySet[Builder]) -> None:
        """Let them end what they have, and no more."""
        self.switch(request, rows, is_enabled=False)


class BuildNeedsAdmin(Configured):
    """What single source packages need."""

    list_display = ("source", "memory_mb", "disk_mb", "cores", "minutes", "tags", "priority")
    search_fields = ("source", "tags")
    fieldsets = (
        (
            None,
            {
                "fields": ("source", "priority"),
                "description": _("What stays empty is learnt from earlier builds of the package."),
            },
        ),
        (_("Needs"), {"fields": (("memory_mb", "disk_mb"), ("cores", "minutes"), "tags")}),
    )
