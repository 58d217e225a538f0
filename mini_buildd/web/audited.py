"""What is done in the administration stands in the audit log: all its fields, before and after.

An object and the rows that belong to it (its inlines, what it refers to many of) are one thing, and
saving them is one entry.
"""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.timezone import now

from mini_buildd.db.actors import actor_for
from mini_buildd.db.audit import note, state_of
from mini_buildd.domain.permission import Door

_BEFORE = "mini_buildd.audited.before"


class Audited(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Notes what its forms and its actions do, in the transactions that do it."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Under the name of what is listed (ModelAdmin)."""
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001  # Django calls it so
        """Look at what is there before it is written over (ModelAdmin)."""
        old = type(obj)._default_manager.filter(pk=obj.pk).first() if change else None  # noqa: SLF001  # Django's public name
        self.look_before(request, old)
        super().save_model(request, obj, form, change)

    def look_before(self, request: HttpRequest, old: Model | None) -> None:
        """Keep, with the *request*, what *old* is before it is changed."""
        request.META[_BEFORE] = self._whole(old) if old is not None else {}

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Once all of it is saved (ModelAdmin)."""
        self._note(request, "added", obj, {}, self._whole(obj))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """The same (ModelAdmin)."""
        before = request.META.pop(_BEFORE, {})
        after = self._whole(obj)
        if before != after:
            self._note(request, "changed", obj, before, after)
        return super().log_change(request, obj, message)

    def switch(self, request: HttpRequest, rows: QuerySet[Any], **fields: object) -> int:
        """Give *fields* to those of *rows* that have others, with a note of each; how many."""
        count = 0
        with transaction.atomic():
            for row in rows.exclude(**fields):
                before = self._whole(row)
                for name, value in fields.items():
                    setattr(row, name, value)
                row.save(update_fields=list(fields))
                self._note(request, "changed", row, before, self._whole(row))
                count += 1
        return count

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Of one object (ModelAdmin)."""
        with transaction.atomic():
            self._note(request, "deleted", obj, self._whole(obj), {})
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Of all that were ticked in the list (ModelAdmin)."""
        with transaction.atomic():
            for obj in queryset:
                self._note(request, "deleted", obj, self._whole(obj), {})
            super().delete_queryset(request, queryset)

    def _note(
        self,
        request: HttpRequest,
        act: str,
        obj: Model,
        before: dict[str, Any],
        after: dict[str, Any],
    ) -> None:
        who = actor_for(request.user.pk or 0, door=Door.SETTINGS)
        kind = str(obj._meta.verbose_name)  # noqa: SLF001  # Django's public name
        note(who, act, at=now(), kind=kind, name=str(obj), before=before, after=after)

    def _whole(self, obj: Model) -> dict[str, Any]:
        """The state of *obj* and of the rows that belong to it."""
        found = state_of(obj)
        for inline in self.inlines:
            field = next(
                each
                for each in inline.model._meta.concrete_fields  # noqa: SLF001  # the same
                if each.related_model is type(obj) and each.name == (inline.fk_name or each.name)
            )
            for row in inline.model._default_manager.filter(**{field.name: obj}):  # noqa: SLF001  # the same
                name = f"{inline.model._meta.verbose_name} {row}"  # noqa: SLF001  # the same
                state = state_of(row)
                del state[field.name]
                found |= {f"{name}: {each}": value for each, value in state.items()}
        return found
