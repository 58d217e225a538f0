"""The administration of what is built for whom: bases, chroots, layouts, repositories."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from mini_buildd.db.models import (
    AptSource,
    Chroot,
    Distribution,
    DistributionArchitecture,
    Grant,
    Repository,
    Suite,
    Upload,
)
from mini_buildd.web.audited import Audited
from mini_buildd.web.build_forms import ArchitectureForm, SuiteForm
from mini_buildd.web.used_by import Use, UsedBy

DISTRIBUTIONS = ngettext_lazy("%d distribution", "%d distributions")
CHROOTS = ngettext_lazy("%d chroot", "%d chroots")
REPOSITORIES = ngettext_lazy("%d repository", "%d repositories")
UPLOADS = ngettext_lazy("%d upload", "%d uploads")
RIGHTS = ngettext_lazy("%d right", "%d rights")


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


class BaseAdmin(UsedBy, Configured):
    """Base releases."""

    list_display = ("codename", "vendor", "version_code")
    search_fields = ("codename", "vendor")
    inlines = (AptSources,)
    uses = (
        Use(Distribution, "base", lambda count: DISTRIBUTIONS % count),
        Use(Chroot, "base", lambda count: CHROOTS % count),
    )
    fieldsets = (
        (
            None,
            {
                "fields": ("vendor", "codename", "version_code"),
                "description": _(
                    "A release that packages are built for, with its apt sources. "
                    "The first source is what chroots are made from."
                ),
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
            _("Rules"),
            {
                "classes": ("collapse",),
                "fields": (
                    "version_rule",
                    "ignores_failed_checks",
                    "checks_installability",
                    "accepts_ready_made",
                ),
            },
        ),
        (
            _("How it is built"),
            {
                "classes": ("collapse",),
                "fields": (
                    ("build_profiles", "build_options"),
                    ("supersedes_builds", "uses_ccache"),
                    "build_setup",
                ),
            },
        ),
        (
            _("What is kept"),
            {
                "classes": ("collapse",),
                "fields": (("kept_versions", "kept_rollbacks", "kept_days"),),
            },
        ),
        (
            _("How apt treats it"),
            {
                "classes": ("collapse",),
                "fields": (
                    ("not_automatic", "but_automatic_upgrades"),
                    "valid_days",
                    "wants_keyring",
                ),
            },
        ),
        (
            _("Its indexes"),
            {
                "classes": ("collapse",),
                "fields": ("forms", "has_contents", "has_translations", "separates_debug"),
            },
        ),
    )

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """The suites to migrate to, in one question, whatever their number."""
        if db_field.name == "migrates_to":
            kwargs["queryset"] = Suite.objects.select_related("layout").order_by("layout", "name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class LayoutAdmin(UsedBy, Configured):
    """Layouts."""

    list_display = ("name", "suite_names")
    search_fields = ("name", "suites__name")
    inlines = (Suites,)
    uses = (Use(Repository, "layout", lambda count: REPOSITORIES % count),)
    fieldsets = (
        (
            None,
            {
                "fields": ("name",),
                "description": _(
                    "A set of suites and their rules, which repositories share. What is changed "
                    "here holds for all suites of all repositories that have it."
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the suites of each, in one query more for all (ModelAdmin)."""
        return super().get_queryset(request).prefetch_related("suites")

    @admin.display(description=_("suites"))
    def suite_names(self, layout: Any) -> str:
        """Their names, in the order in which they were made."""
        return ", ".join(suite.name for suite in sorted(layout.suites.all(), key=lambda s: s.pk))


class RepositoryAdmin(UsedBy, Configured):
    """Repositories."""

    list_display = ("name", "layout", "is_private", "is_open")
    list_filter = ("layout", "is_private", "is_open")
    list_select_related = ("layout",)
    search_fields = ("name",)
    uses = (
        Use(Distribution, "repository", lambda count: DISTRIBUTIONS % count),
        Use(Grant, "repository", lambda count: RIGHTS % count),
    )
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "layout"),
                "description": _(
                    "The name is part of every version built for it: "
                    "small letters only, such as “test” in 1.0-1~test13+1."
                ),
            },
        ),
        (
            _("Uploads"),
            {
                "fields": ("signature_policy", "is_open"),
                "description": _("What is signed must be signed well in any case."),
            },
        ),
        (
            _("Who sees it"),
            {
                "fields": ("is_private",),
                "description": _(
                    "Who may read a private one is given a right to it; apt then signs "
                    "in with a token."
                ),
            },
        ),
        (
            _("Snapshots by the calendar"),
            {
                "fields": (("weekly_snapshots", "monthly_snapshots", "yearly_snapshots"),),
                "description": _(
                    "So many of each are kept; the oldest make room. Those that "
                    "somebody has taken by name stay until somebody drops them."
                ),
            },
        ),
    )

    def view_on_site(self, repository: Any) -> str:
        """Its own page."""
        return reverse("repository", args=(repository.name,))


class Architectures(Part):
    """The architectures of a distribution."""

    model = DistributionArchitecture
    form = ArchitectureForm
    extra = 1


class DistributionAdmin(UsedBy, Configured):
    """Distributions."""

    list_display = ("name", "repository", "base", "suite", "built_on", "frozen_at")
    list_filter = ("repository", "base")
    list_select_related = ("repository", "base", "suite__layout")
    search_fields = ("name",)
    readonly_fields = ("name", "frozen_at", "frozen_by", "frozen_reason")
    inlines = (Architectures,)
    uses = (Use(Upload, "distribution", lambda count: UPLOADS % count),)
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "repository", "base", "suite"),
                "description": _(
                    "One published suite. Its name follows from its parts: "
                    "codename-repository-suite."
                ),
            },
        ),
        (
            _("Frozen"),
            {
                "fields": ("frozen_at", "frozen_by", "frozen_reason"),
                "description": _("It is frozen and thawed on the suite's own page."),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the architectures of each, in one query more for all (ModelAdmin)."""
        return super().get_queryset(request).prefetch_related("architectures")

    @admin.display(description=_("architectures"))
    def built_on(self, distribution: Any) -> str:
        """Their names."""
        return ", ".join(each.architecture for each in distribution.architectures.all())

    def view_on_site(self, distribution: Any) -> str:
        """Its own page."""
        return reverse("suite", args=(distribution.name,))
