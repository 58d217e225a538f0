"""The administration of who may upload: accounts with their OpenPGP keys."""

import tempfile
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import admin

from mini_buildd.db.models import OpenPGPKey
from mini_buildd.keys.gpg import GnupgFailed
from mini_buildd.keys.verify import PublicKey, read_public_key
from mini_buildd.web.configuration import Configured


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A key is given as text; whose it is and its fingerprint are read out of it."""

    class Meta:
        model = OpenPGPKey
        fields = ("armored", "is_active")
        labels = {"armored": "Public key"}
        help_texts = {
            "armored": "As printed by: gpg --armor --export --export-options export-minimal KEY",
            "is_active": "Switch off to refuse uploads signed by it without forgetting it.",
        }
        widgets = {"armored": forms.Textarea(attrs={"rows": 6, "cols": 66, "spellcheck": "false"})}

    def clean_armored(self) -> str:
        """The key, parsed by gpg; a form error says what is wrong with it."""
        armored: str = self.cleaned_data["armored"]
        if "armored" in self.changed_data:
            key = _read(armored)
            others = OpenPGPKey.objects.filter(fingerprint=key.fingerprint)
            if others.exclude(pk=self.instance.pk).exists():
                raise forms.ValidationError(f"The key {key.fingerprint} is registered already.")
            self.instance.fingerprint = key.fingerprint
            self.instance.user_id = key.user_id[:300]
            armored = key.armored
        return armored


def _read(armored: str) -> PublicKey:
    with tempfile.TemporaryDirectory(prefix="mini-buildd-key-") as scratch:
        try:
            return read_public_key(armored, Path(scratch))
        except GnupgFailed as error:
            raise forms.ValidationError(f"This is not one OpenPGP public key: {error}") from None


class Keys(admin.StackedInline):  # type: ignore[type-arg]  # not subscriptable when it runs
    """The keys of an uploader."""

    model = OpenPGPKey
    form = KeyForm
    extra = 0
    fields = ("fingerprint", "user_id", "armored", "is_active")
    readonly_fields = ("fingerprint", "user_id")


class UploaderAdmin(Configured):
    """Uploaders."""

    list_display = ("user", "repository_names", "key_count")
    list_select_related = ("user",)
    search_fields = ("user__username", "keys__fingerprint", "keys__user_id")
    filter_horizontal = ("repositories",)
    inlines = (Keys,)

    def get_queryset(self, request: Any) -> Any:
        """With all that the list shows."""
        return super().get_queryset(request).prefetch_related("repositories", "keys")

    @admin.display(description="may upload to")
    def repository_names(self, uploader: Any) -> str:
        """The repositories in one line."""
        return ", ".join(repository.name for repository in uploader.repositories.all())

    @admin.display(description="keys")
    def key_count(self, uploader: Any) -> int:
        """How many keys there are."""
        return len(uploader.keys.all())
