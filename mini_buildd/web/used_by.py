"""What refers to a row of the configuration: told beside it, with the way there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Use:
    """Rows of *model* whose *field* refers to a row; *words* says how many they are."""

    model: type[Model]
    field: str
    words: Callable[[int], str]


class UsedBy(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Adds to lists and forms by how many rows of other tables a row is used."""

    uses: tuple[Use, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the numbers, counted in the same query (ModelAdmin)."""
        rows = super().get_queryset(request)
        for place, use in enumerate(self.uses):
            rows = rows.annotate(**{f"uses_{place}": _count(use)})
        return rows

    def get_list_display(self, request: HttpRequest) -> Any:
        """One column more (ModelAdmin)."""
        return (*super().get_list_display(request), "used_by")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """One field more, to read only (ModelAdmin)."""
        return (*super().get_readonly_fields(request, obj), "used_by")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """At the end of what is there already (ModelAdmin)."""
        sets = [*super().get_fieldsets(request, obj)]
        for _title, options in sets:  # where no sets are named, Django lists all fields in one
            options["fields"] = [name for name in options["fields"] if name != "used_by"]
        return [*sets, (_("Used by"), {"fields": ("used_by",)})] if obj is not None else sets

    @admin.display(description=_("used by"))
    def used_by(self, row: Any) -> SafeString | str:
        """How many of what refer to *row*, each a link to the list of them."""
        counts = [(use, getattr(row, f"uses_{place}")) for place, use in enumerate(self.uses)]
        found = [(_address(use, row), use.words(count)) for use, count in counts if count]
        if not found:
            return format_html('<span class="quiet">{}</span>', gettext("nothing"))
        return format_html_join(", ", '<a href="{}">{}</a>', found)


def _count(use: Use) -> Coalesce:
    rows: QuerySet[Any, Any] = (
        use.model._default_manager.filter(**{use.field: OuterRef("pk")})  # noqa: SLF001  # Django's public name
        .order_by()
        .values(use.field)
        .annotate(count=Count("pk"))
        .values("count")
    )
    return Coalesce(Subquery(rows, output_field=IntegerField()), 0)


def _address(use: Use, row: Model) -> str:
    meta = use.model._meta  # noqa: SLF001  # the same
    place = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return f"{place}?{urlencode({f'{use.field}__id__exact': row.pk})}"
