"""The form of who makes an account for themselves."""

from typing import Any

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.utils.translation import gettext

# What the instance signs its own acts with, and what stands for nobody.
_RESERVED = frozenset({"mini-buildd", "anonymous", "root", "admin", "archive"})


class RegistrationForm(UserCreationForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A name, an address and a password."""

    class Meta:
        model = User
        fields = ("username", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs.update(autocapitalize="none", spellcheck="false")
        self.fields["email"].required = True

    def clean_username(self) -> str:
        """A name that nobody has, whatever the case, and that stands for nothing else."""
        name: str = self.cleaned_data["username"]
        is_taken = User.objects.filter(username__iexact=name).exists()
        if is_taken or name.casefold() in _RESERVED:
            raise forms.ValidationError(gettext("There is an account of that name."), code="unique")
        return name
