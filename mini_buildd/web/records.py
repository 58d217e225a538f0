"""The record of what happened, to look at; only the flow writes it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst


class Record(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Rows that nobody adds, changes or deletes by hand."""

    show_full_result_count = False
    list_per_page = 50

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Under the name of what is listed (ModelAdmin)."""
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        del request, obj
        return False


class UploadAdmin(Record):
    """Uploads."""

    list_display = ("id", "changes_name", "state", "distribution_name", "received_at")
    list_filter = ("state",)
    search_fields = ("changes_name", "source_name", "version")

    def view_on_site(self, row: Any) -> str:
        """Its page."""
        return reverse("upload", args=(row.pk,))


class SourceAdmin(Record):
    """Accepted source packages."""

    list_display = ("name", "version", "distribution", "state", "accepted_at")
    list_filter = ("state", "distribution")
    list_select_related = ("distribution",)
    search_fields = ("name", "version")


class JobAdmin(Record):
    """Jobs."""

    list_display = ("id", "source", "architecture", "state", "reason")
    list_filter = ("state", "architecture")
    list_select_related = ("source",)
    search_fields = ("source__name", "source__version")

    def view_on_site(self, row: Any) -> str:
        """Its page, which is called a build."""
        return reverse("build", args=(row.pk,))


class AttemptAdmin(Record):
    """Attempts."""

    list_display = ("id", "job", "number", "builder", "outcome", "stage", "finished_at")
    list_filter = ("outcome", "builder")
    list_select_related = ("job__source",)
    search_fields = ("job__source__name", "token")

    def view_on_site(self, row: Any) -> str:
        """The page of its build."""
        return reverse("build", args=(row.job_id,))


class PublicationAdmin(Record):
    """Versions of suites."""

    list_display = (
        "distribution",
        "number",
        "kind",
        "actor",
        "decided_at",
        "published_at",
        "cause",
    )
    list_filter = ("kind", "distribution")
    list_select_related = ("distribution", "cause")
    search_fields = ("distribution__name", "cause__name")

    def view_on_site(self, row: Any) -> str:
        """Its page."""
        return reverse(
            "suite-version",
            args=(
                row.distribution.name,
                row.number,
            ),
        )


class SnapshotAdmin(Record):
    """Snapshots; they are taken and dropped on their repository's page."""

    list_display = ("name", "repository", "kind", "taken_at", "taken_by", "reason")
    list_filter = ("kind", "repository")
    list_select_related = ("repository",)
    search_fields = ("name", "reason")


class EventAdmin(Record):
    """Events."""

    list_display = ("id", "kind", "at", "detail")
    list_filter = ("kind",)
    search_fields = ("detail",)


class AuditAdmin(Record):
    """Who changed what."""

    list_display = ("at", "who", "door", "act", "kind", "name")
    list_filter = ("door", "kind")
    search_fields = ("who", "name", "act")
