"""The administration of who builds, and of what single packages need."""

from typing import Any

from django.http import HttpRequest

from mini_buildd.web.configuration import Configured


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
    search_fields = ("name", "architectures", "tags")
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
                "description": "A builder that is not enabled is given no new jobs; "
                "those that it has go on.",
            },
        ),
        (
            "What it says of itself",
            {
                "fields": (
                    ("slots", "cores", "memory_mb", "disk_mb"),
                    ("architectures", "tags"),
                    "seen_at",
                )
            },
        ),
        (
            "Set aside after faults of its own",
            {"fields": ("faults", ("set_aside_at", "set_aside_until"), "set_aside_reason")},
        ),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Builders enlist by themselves."""
        del request, obj
        return False


class BuildNeedsAdmin(Configured):
    """What single source packages need."""

    list_display = ("source", "memory_mb", "disk_mb", "cores", "minutes", "tags", "priority")
    search_fields = ("source", "tags")
    fieldsets = (
        (
            None,
            {
                "fields": ("source", "priority"),
                "description": "What stays empty is learnt from earlier builds of the package.",
            },
        ),
        ("Needs", {"fields": (("memory_mb", "disk_mb"), ("cores", "minutes"), "tags")}),
    )
