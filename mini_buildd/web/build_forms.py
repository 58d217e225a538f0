"""What is checked when an administrator says how and where packages are built."""

from collections.abc import Callable

from django import forms
from django.utils.translation import gettext

from mini_buildd.deb.build_options import BuildOption, BuildProfile
from mini_buildd.deb.names import Architecture, MalformedName


def _words(text: str, kind: Callable[[str], str]) -> str:
    """The words of *text*, each of which must be of that *kind*."""
    try:
        return " ".join(kind(word) for word in text.split())
    except MalformedName as error:
        raise forms.ValidationError(str(error)) from None


class SuiteForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A suite."""

    def clean_build_profiles(self) -> str:
        """Words that are build profiles."""
        return _words(self.cleaned_data["build_profiles"], BuildProfile)

    def clean_build_options(self) -> str:
        """Words that are build options."""
        return _words(self.cleaned_data["build_options"], BuildOption)


class ArchitectureForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """An architecture of a distribution."""

    def clean_architecture(self) -> str:
        """One architecture, for what is for all is not one."""
        name = _words(self.cleaned_data["architecture"], Architecture)
        if name == "all" or " " in name:
            raise forms.ValidationError(gettext("Name one architecture, such as amd64."))
        return name

    def clean_cross_from(self) -> str:
        """Another one, and not where what is for all is built."""
        name = _words(self.cleaned_data["cross_from"], Architecture)
        if name and name == self.cleaned_data.get("architecture"):
            raise forms.ValidationError(
                gettext("On itself it is built natively: leave this empty.")
            )
        if name and self.cleaned_data.get("builds_all"):
            raise forms.ValidationError(
                gettext("What is for all is not built by a cross-compiler.")
            )
        return name
