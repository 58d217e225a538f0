"""The administration of who may upload: keys, keyrings, and rights to repositories."""

import tempfile
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from mini_buildd.db.models import Grant, OpenPGPKey, TrustedKeyring, Upload
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.dm_permissions import parse_permissions
from mini_buildd.domain.problem import Problem
from mini_buildd.flow.approve_key import approve_key
from mini_buildd.flow.hosted import site
from mini_buildd.flow.submit_key import check_fit
from mini_buildd.keys.gpg import GnupgFailed
from mini_buildd.keys.keyring_file import find_in_keyring
from mini_buildd.keys.public_key import PublicKey, read_public_key
from mini_buildd.kit.clock import utc_now
from mini_buildd.web.administrators import actor_of
from mini_buildd.web.configuration import RIGHTS, Configured
from mini_buildd.web.list_actions import asks_first
from mini_buildd.web.used_by import Use, UsedBy

UPLOADS = ngettext_lazy("%d upload", "%d uploads")


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A key is given as text; whose it is and its fingerprint are read out of it."""

    class Meta:
        model = OpenPGPKey
        fields = ("user", "armored", "is_active")
        widgets = {"armored": forms.Textarea(attrs={"rows": 6, "cols": 66, "spellcheck": "false"})}

    def clean_armored(self) -> str:
        """The key, parsed by gpg; a form error says what is wrong with it."""
        armored: str = self.cleaned_data["armored"]
        if "armored" in self.changed_data:
            key = _read(armored, self.initial.get("armored", ""))
            others = OpenPGPKey.objects.filter(fingerprint=key.fingerprint)
            if others.exclude(pk=self.instance.pk).exists():
                raise forms.ValidationError(
                    gettext("The key %(fingerprint)s is registered already.")
                    % {"fingerprint": key.fingerprint}
                )
            self.instance.fingerprint = key.fingerprint
            self.instance.uid = key.user_id[:300]
            self.instance.expires_at = key.expires_at
            if key.is_revoked and self.instance.revoked_at is None:
                self.instance.revoked_at = utc_now()
            armored = key.armored
        return armored


def _read(armored: str, older: str) -> PublicKey:
    """The key, merged with what was there: nothing of that is taken back."""
    with tempfile.TemporaryDirectory(prefix="mini-buildd-key-") as scratch:
        try:
            key = read_public_key(armored, Path(scratch), older=older)
        except GnupgFailed as error:
            raise forms.ValidationError(
                gettext("This is not one OpenPGP public key: %(error)s") % {"error": error}
            ) from None
    if not (older and key.is_revoked):  # of a key that is there, a revocation is taken
        try:
            check_fit(key, utc_now())
        except Problem as problem:
            raise forms.ValidationError(str(problem)) from None
    return key


class KeyAdmin(UsedBy, Configured):
    """OpenPGP keys of accounts."""

    form = KeyForm
    list_display = ("uid", "fingerprint", "user", "is_active", "approved_at", "expires_at")
    list_filter = ("is_active",)
    list_select_related = ("user",)
    search_fields = ("user__username", "fingerprint", "uid")
    fields = ("user", "armored", "fingerprint", "uid", "is_active", "approved_at", "approved_by")
    readonly_fields = ("fingerprint", "uid", "approved_at", "approved_by")
    actions = ("approve", "switch_on", "switch_off")
    uses = (Use(Upload, "signed_by", lambda count: UPLOADS % count),)

    def save_model(self, request: HttpRequest, key: Any, form: Any, change: bool) -> None:  # noqa: FBT001  # Django calls it so
        """What an administrator gives is approved."""
        if key.approved_at is None and key.refused_at is None:
            key.approved_at, key.approved_by = utc_now(), request.user.get_username()
        key.added_at = key.added_at or utc_now()
        super().save_model(request, key, form, change)

    @asks_first(
        _("Approve them"),
        _(
            "Uploads that are signed by them are taken from now on, where their owners have a "
            "right. Compare fingerprints with the owners first, not by the same way they came."
        ),
    )
    def approve(self, request: HttpRequest, rows: QuerySet[OpenPGPKey]) -> None:
        """Approve what was ticked; of each that cannot be, the reason is told."""
        for row in rows:
            try:
                approve_key(site(), actor_of(request), row.fingerprint)
            except Problem as problem:
                self.message_user(request, str(problem), messages.ERROR)
            else:
                self.message_user(request, _("%s is approved.") % row)

    @asks_first(_("Use them"), _("Uploads that are signed by them are taken again."))
    def switch_on(self, request: HttpRequest, rows: QuerySet[OpenPGPKey]) -> None:
        """Take them into use."""
        self.switch(request, rows, is_active=True)

    @asks_first(
        _("Use them no more"),
        _(
            "Uploads that are signed by them are refused from now on, those that are on their way "
            "too. What was accepted stays, and the keys are not forgotten."
        ),
    )
    def switch_off(self, request: HttpRequest, rows: QuerySet[OpenPGPKey]) -> None:
        """Refuse what they sign."""
        self.switch(request, rows, is_active=False)


class GrantAdmin(Configured):
    """Rights to repositories."""

    list_display = ("whom", "role", "repository", "suite", "sources", "may_add_sources")
    list_filter = ("repository", "role")
    list_select_related = ("user", "group", "keyring", "repository", "suite")
    search_fields = ("user__username", "group__name", "keyring__name", "sources")

    def save_model(self, request: HttpRequest, grant: Any, form: Any, change: bool) -> None:  # noqa: FBT001  # Django calls it so
        """Who gave it stays with it."""
        grant.given_at, grant.given_by = utc_now(), request.user.get_username()
        super().save_model(request, grant, form, change)

    @admin.display(description=_("who"))
    def whom(self, grant: Any) -> str:
        """The account, group or keyring."""
        return str(grant.user or grant.group or grant.keyring)


class KeyringForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """What is named must be there, and be what it is to be: whoever signs is refused otherwise."""

    class Meta:
        model = TrustedKeyring
        fields = ("name", "path", "permissions", "is_active")

    def clean_path(self) -> str:
        """A keyring that the daemon can read."""
        path: str = self.cleaned_data["path"]
        with tempfile.TemporaryDirectory(prefix="mini-buildd-key-") as scratch:
            try:
                find_in_keyring(Path(path), Path(scratch), "0" * 40)
            except (OSError, GnupgFailed) as error:
                raise forms.ValidationError(
                    gettext("This is no keyring: %(error)s") % {"error": error}
                ) from None
        return path

    def clean_permissions(self) -> str:
        """A file such as dm.txt."""
        path: str = self.cleaned_data["permissions"]
        try:
            if path:
                parse_permissions(Path(path).read_bytes())
        except (OSError, MalformedControl) as error:
            raise forms.ValidationError(
                gettext("This cannot be read: %(error)s") % {"error": error}
            ) from None
        return path


class KeyringAdmin(UsedBy, Configured):
    """Keyrings whose owners need no account."""

    form = KeyringForm
    list_display = ("name", "path", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "path")
    uses = (Use(Grant, "keyring", lambda count: RIGHTS % count),)
