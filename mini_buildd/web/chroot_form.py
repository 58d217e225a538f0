"""The administration of chroots: what they are made from, and when."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from mini_buildd.db.models import Chroot
from mini_buildd.flow.hosted import site
from mini_buildd.flow.refresh import ask_refresh
from mini_buildd.tools.snippets import LIBRARY
from mini_buildd.web.administrators import actor_of
from mini_buildd.web.configuration import Configured
from mini_buildd.web.list_actions import asks_first


def _snippets() -> list[tuple[str, str]]:
    return [(each.name, f"{each.name}: {gettext(each.purpose)}") for each in LIBRARY]


class ChrootForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """The snippets are ticked; the row keeps their names, separated by blanks."""

    snippets = forms.MultipleChoiceField(
        choices=_snippets,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("They are run in this order, after their packages are installed."),
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
    actions = ("make_anew", "use", "rest")
    readonly_fields = ("made_at", "generation", "checked_at", "valid_until", "problem")
    fieldsets = (
        (
            None,
            {
                "fields": ("base", "architecture", "backend", "is_active"),
                "description": _(
                    "What builds for a base release on an architecture start from. "
                    "What is changed here holds from the next time on that it is made."
                ),
            },
        ),
        (_("How it is made"), {"fields": ("maker", "snippets", "setup")}),
        (_("When"), {"fields": (("refresh_hours", "weight"),)}),
        (
            _("As it is"),
            {"fields": (("made_at", "generation"), ("checked_at", "valid_until"), "problem")},
        ),
    )

    @asks_first(
        _("Make them anew"),
        _(
            "It takes a minute or some for each, one after the other. Builds go on with what is "
            "there until the new one has passed its checks."
        ),
    )
    def make_anew(self, request: HttpRequest, rows: QuerySet[Chroot]) -> None:
        """Now, whatever their age."""
        for row in rows:
            ask_refresh(site(), actor_of(request), row)
        count = len(rows)
        text = ngettext("%d chroot is made anew.", "%d chroots are made anew.", count)
        self.message_user(request, text % count)

    @asks_first(
        _("Use them"), _("Builds may use them again, and they are made anew when they are too old.")
    )
    def use(self, request: HttpRequest, rows: QuerySet[Chroot]) -> None:
        """Take them into use."""
        self.switch(request, rows, is_active=True)

    @asks_first(
        _("Use them no more"),
        _(
            "No new build starts from them: what is to be built on these architectures waits. "
            "Builds that run go on. They are not made anew any more, and nothing is deleted."
        ),
    )
    def rest(self, request: HttpRequest, rows: QuerySet[Chroot]) -> None:
        """Take them out of use."""
        self.switch(request, rows, is_active=False)
