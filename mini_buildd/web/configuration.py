"""The administration of what is built for whom: bases, chroots, layouts, repositories."""

from typing import Any

from django.contrib import admin

from mini_buildd.db.models import AptSource, DistributionArchitecture, Suite
from mini_buildd.web.audited import Audited
from mini_buildd.web.build_forms import ArchitectureForm, SuiteForm


class Configured(Audited):
    """What all of these share."""

    save_on_top = False
    show_facets = admin.ShowFacets.NEVER


class Part(admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Rows that belong to another row."""

    extra = 0


class AptSources(Part):
    """Where a base release comes from."""

    model = AptSource
    extra = 1


class BaseAdmin(Configured):
    """Base releases."""

    list_display = ("codename", "vendor", "version_code")
    search_fields = ("codename", "vendor")
    inlines = (AptSources,)
    fieldsets = (
        (
            None,
            {
                "fields": ("vendor", "codename", "version_code"),
                "description": "A release that packages are built for, with its apt sources. "
                "The first source is what chroots are made from.",
            },
        ),
    )


class Suites(admin.StackedInline):  # type: ignore[type-arg]  # not subscriptable when it runs
    """The suites of a layout."""

    model = Suite
    form = SuiteForm
    extra = 0
    fieldsets = (
        (None, {"fields": (("name", "purpose"), ("accepts_uploads", "migrates_to"))}),
        (
            "Rules",
            {
                "fields": (
                    "version_rule",
                    "ignores_failed_checks",
                    "checks_installability",
                    "accepts_ready_made",
                )
            },
        ),
        (
            "How it is built",
            {
                "fields": (
                    ("build_profiles", "build_options"),
                    ("supersedes_builds", "uses_ccache"),
                    "build_setup",
                )
            },
        ),
        ("What is kept", {"fields": (("kept_versions", "kept_rollbacks", "kept_days"),)}),
        (
            "How apt treats it",
            {
                "fields": (
                    ("not_automatic", "but_automatic_upgrades"),
                    "valid_days",
                    "wants_keyring",
                )
            },
        ),
        (
            "Its indexes",
            {"fields": ("forms", "has_contents", "has_translations", "separates_debug")},
        ),
    )

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """The suites to migrate to, in one question, whatever their number."""
        if db_field.name == "migrates_to":
            kwargs["queryset"] = Suite.objects.select_related("layout").order_by("layout", "name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class LayoutAdmin(Configured):
    """Layouts."""

    list_display = ("name",)
    search_fields = ("name", "suites__name")
    inlines = (Suites,)


class RepositoryAdmin(Configured):
    """Repositories."""

    list_display = ("name", "layout")
    list_select_related = ("layout",)
    search_fields = ("name",)
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "layout"),
                "description": "The name is part of every version built for it: "
                "small letters only, such as “test” in 1.0-1~test13+1.",
            },
        ),
        (
            "Uploads",
            {
                "fields": ("signature_policy", "is_open"),
                "description": "What is signed must be signed well in any case.",
            },
        ),
        (
            "Snapshots by the calendar",
            {
                "fields": (("weekly_snapshots", "monthly_snapshots", "yearly_snapshots"),),
                "description": "So many of each are kept; the oldest make room. Those that "
                "somebody has taken by name stay until somebody drops them.",
            },
        ),
    )


class Architectures(Part):
    """The architectures of a distribution."""

    model = DistributionArchitecture
    form = ArchitectureForm
    extra = 1


class DistributionAdmin(Configured):
    """Distributions."""

    list_display = ("name", "repository", "base", "suite", "frozen_at")
    list_filter = ("repository", "base")
    list_select_related = ("repository", "base", "suite__layout")
    search_fields = ("name",)
    readonly_fields = ("name", "frozen_at", "frozen_by", "frozen_reason")
    inlines = (Architectures,)
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "repository", "base", "suite"),
                "description": "One published suite. Its name follows from its parts: "
                "codename-repository-suite.",
            },
        ),
        (
            "Frozen",
            {
                "fields": ("frozen_at", "frozen_by", "frozen_reason"),
                "description": "It is frozen and thawed on the suite's own page.",
            },
        ),
    )
