"""Who may do what: keys of accounts, keyrings, rights to repositories, tokens, and the audit log.

An account is Django's own user; groups are Django's own as well.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mini_buildd.db.models.repository import Repository, Suite
from mini_buildd.domain.permission import Door, Role

_DOORS = [(door.value, door.value.capitalize()) for door in Door]


class OpenPGPKey(models.Model):
    """A public key of an account; its signatures count once it is approved."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="openpgp_keys",
        verbose_name=_("account"),
        help_text=_("Whose uploads it signs."),
    )
    fingerprint = models.CharField(max_length=64, unique=True)
    uid = models.CharField(
        _("user id"),
        max_length=300,
        blank=True,
        help_text=_("Whose it says it is: name and address."),
    )
    armored = models.TextField(
        verbose_name=_("public key"),
        help_text=_("As printed by: gpg --armor --export --export-options export-minimal KEY"),
    )
    is_active = models.BooleanField(
        default=True,
        verbose_name=_("in use"),
        help_text=_("Switch off to refuse uploads signed by it without forgetting it."),
    )
    added_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(null=True, editable=False)
    approved_at = models.DateTimeField(null=True, editable=False)
    approved_by = models.CharField(max_length=150, blank=True, editable=False)
    # With approved_at it was approved first, and is not to be trusted any more; without, it was
    # never that account's.
    refused_at = models.DateTimeField(null=True, editable=False)
    refused_reason = models.CharField(max_length=500, blank=True, editable=False)
    revoked_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When its owner's revocation was seen here.")
    )

    class Meta:
        verbose_name = _("OpenPGP key")

    def __str__(self) -> str:
        return f"{self.uid} {self.fingerprint[-16:]}"


class TrustedKeyring(models.Model):
    """A file of many keys, such as Debian's own, whose owners need no account to upload."""

    name = models.CharField(max_length=80, unique=True, help_text=_("What rights choose it by."))
    path = models.CharField(
        max_length=300, help_text=_("Of a GnuPG keyring: /usr/share/keyrings/debian-keyring.gpg.")
    )
    permissions = models.CharField(
        max_length=300,
        blank=True,
        help_text=_(
            "A file that says which source packages each of its keys may upload, as the "
            "Debian archive's dm.txt does; empty: none is needed."
        ),
    )
    is_active = models.BooleanField(
        default=True,
        verbose_name=_("in use"),
        help_text=_("Switch off to refuse uploads signed by its keys, whatever rights it has."),
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SshKey(models.Model):
    """A public key by which an account signs in to the SFTP server."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ssh_keys"
    )
    comment = models.CharField(max_length=200, blank=True)
    fingerprint = models.CharField(
        max_length=80, unique=True, help_text=_("As ssh-keygen -l prints it: SHA256:...")
    )
    text = models.TextField(help_text=_("One line of OpenSSH's authorized_keys, without options."))
    is_active = models.BooleanField(default=True, verbose_name=_("in use"))
    added_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("SSH key")

    def __str__(self) -> str:
        return f"{self.comment} {self.fingerprint}"


class Grant(models.Model):
    """A right to a repository, given to an account, to a group, or to all keys of a keyring."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="grants",
        verbose_name=_("account"),
        help_text=_("Who gets the right: an account, or else a group or a keyring."),
    )
    group = models.ForeignKey(
        "auth.Group",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="grants",
        help_text=_("All its members get it."),
    )
    keyring = models.ForeignKey(
        TrustedKeyring,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="grants",
        help_text=_("All owners of its keys get it, without an account."),
    )
    repository = models.ForeignKey(
        Repository,
        on_delete=models.CASCADE,
        related_name="grants",
        help_text=_("To which repository."),
    )
    role = models.PositiveSmallIntegerField(
        choices=[(role.value, role.word) for role in (Role.READER, Role.UPLOADER, Role.OWNER)],
        default=Role.UPLOADER.value,
        help_text=_("A reader sees what is private, an uploader uploads, an owner looks after it."),
    )
    suite = models.ForeignKey(
        Suite,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        help_text=_("An uploader's: for this suite only; empty: for all."),
    )
    sources = models.CharField(
        max_length=500,
        blank=True,
        help_text=_(
            "An uploader's: source packages, separated by blanks, such as hello lib*; empty: all."
        ),
        verbose_name=_("source packages"),
    )
    may_add_sources = models.BooleanField(
        default=True,
        help_text=_("An uploader's: source packages that the repository does not have yet, too."),
        verbose_name=_("new source packages"),
    )
    fingerprint = models.CharField(
        max_length=64,
        blank=True,
        help_text=_("A keyring's: for this key of it only; empty: for all."),
    )
    given_at = models.DateTimeField(null=True, editable=False)
    given_by = models.CharField(max_length=150, blank=True, editable=False)

    class Meta:
        ordering = ["repository", "-role", "id"]
        verbose_name = _("right")
        constraints = [
            models.CheckConstraint(
                name="a_right_of_one",
                condition=(
                    models.Q(user__isnull=False, group__isnull=True, keyring__isnull=True)
                    | models.Q(user__isnull=True, group__isnull=False, keyring__isnull=True)
                    | models.Q(user__isnull=True, group__isnull=True, keyring__isnull=False)
                ),
                violation_error_message="Name one of: account, group, keyring.",
            )
        ]

    def __str__(self) -> str:
        whom = self.user or self.group or self.keyring
        return f"{whom}: {Role(self.role).word} of {self.repository}"


class ApiToken(models.Model):
    """A token of an account; only its digest is kept, so it is shown just once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=100, help_text=_("What it is for."))
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text=_("SHA-256."))
    hint = models.CharField(max_length=12, editable=False, help_text=_("How it begins."))
    scopes = models.CharField(max_length=100, help_text=_("Separated by blanks."))
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("API token")

    def __str__(self) -> str:
        return f"{self.hint}… {self.name}"


class OutsideAccount(models.Model):
    """An account that was made for somebody of a directory, who signs in with the password there.

    Without this row nobody gets into an account of the same name.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="outside"
    )
    name = models.CharField(max_length=500, help_text=_("Its distinguished name there."))

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """One administrative act; written in its transaction, and never changed or removed."""

    at = models.DateTimeField()
    who = models.CharField(max_length=150)
    door = models.CharField(max_length=20, choices=_DOORS)
    act = models.CharField(max_length=100)
    kind = models.CharField(max_length=60, blank=True, help_text=_("Of what it was done to."))
    name = models.CharField(max_length=300, blank=True, help_text=_("Of what it was done to."))
    before = models.JSONField(default=dict, help_text=_("What was changed, as it was."))
    after = models.JSONField(default=dict, help_text=_("And as it is since."))

    class Meta:
        ordering = ["-id"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [models.Index(fields=["kind", "name"]), models.Index(fields=["who"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.who}: {self.act} {self.name}"
