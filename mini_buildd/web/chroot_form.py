"""The administration of chroots: what they are made from, and when."""

from typing import Any

from django import forms

from mini_buildd.db.models import Chroot
from mini_buildd.tools.snippets import LIBRARY
from mini_buildd.web.configuration import Configured


class ChrootForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """The snippets are ticked; the row keeps their names, separated by blanks."""

    snippets = forms.MultipleChoiceField(
        choices=[(each.name, f"{each.name}: {each.purpose}") for each in LIBRARY],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="They are run in this order, after their packages are installed.",
    )

    class Meta:
        model = Chroot
        fields = "__all__"  # noqa: DJ007  # the administrator's, and ChrootAdmin says which
        widgets = {
            "setup": forms.Textarea(attrs={"rows": 6, "cols": 66, "spellcheck": "false"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["snippets"] = str(self.initial.get("snippets", "")).split()

    def clean_snippets(self) -> str:
        """The names as the row has them."""
        names: list[str] = self.cleaned_data["snippets"]
        return " ".join(names)


class ChrootAdmin(Configured):
    """Chroots."""

    form = ChrootForm
    list_display = ("base", "architecture", "backend", "is_active", "made_at", "snippets")
    list_filter = ("base", "architecture", "backend")
    search_fields = ("base__codename", "architecture")
    list_select_related = ("base",)
    readonly_fields = ("made_at", "generation", "checked_at", "valid_until", "problem")
    fieldsets = (
        (
            None,
            {
                "fields": (("base", "architecture", "backend"), "is_active"),
                "description": "What builds for a base release on an architecture start from. "
                "What is changed here holds from the next time on that it is made.",
            },
        ),
        ("How it is made", {"fields": ("maker", "snippets", "setup")}),
        ("When", {"fields": (("refresh_hours", "weight"),)}),
        (
            "As it is",
            {"fields": (("made_at", "generation"), ("checked_at", "valid_until"), "problem")},
        ),
    )
