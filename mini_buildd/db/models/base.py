"""Releases of the base distribution: what packages are built for, and from which archive."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Base(models.Model):
    """One release, such as Debian trixie."""

    vendor = models.CharField(
        max_length=40, default="Debian", help_text=_("Whose release it is: Debian, Ubuntu.")
    )
    codename = models.CharField(
        max_length=40,
        unique=True,
        help_text=_("As its archive calls it: trixie. It begins the names of its suites."),
    )
    version_code = models.CharField(
        max_length=20, help_text=_("Part of every version built for it: 13, 2404, ~SID.")
    )

    class Meta:
        ordering = ["codename"]
        verbose_name = _("base release")

    def __str__(self) -> str:
        return f"{self.vendor} {self.codename}"


class AptSource(models.Model):
    """One apt source of a base release; the first one is what chroots are made from."""

    base = models.ForeignKey(Base, on_delete=models.CASCADE, related_name="apt_sources")
    url = models.CharField(
        max_length=300, help_text=_("Where dists/ and pool/ are found."), verbose_name=_("URL")
    )
    suite = models.CharField(max_length=80, help_text=_("As under dists/: trixie, trixie-updates."))
    components = models.CharField(
        max_length=200, default="main", help_text=_("Separated by blanks: main contrib.")
    )
    keyring = models.CharField(
        max_length=300, help_text=_("Path of the keyring that signs it, as apt's Signed-By.")
    )
    check_valid_until = models.BooleanField(
        default=True,
        help_text=_(
            "Switch off only for an archive that is past its date on purpose: "
            "without the check an attacker can replay an old state."
        ),
        verbose_name=_("checks Valid-Until"),
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["base", "url", "suite"], name="one_source_a_suite")
        ]
        verbose_name = _("apt source")

    def __str__(self) -> str:
        return f"{self.url} {self.suite}"


class Chroot(models.Model):
    """What builds for one base release and architecture start from."""

    base = models.ForeignKey(
        Base,
        on_delete=models.CASCADE,
        related_name="chroots",
        verbose_name=_("base release"),
        help_text=_("What is installed in it."),
    )
    architecture = models.CharField(
        max_length=40,
        help_text=_(
            "As dpkg calls it: amd64. Another machine's is run by emulation, if that is installed."
        ),
    )
    backend = models.CharField(
        max_length=20,
        choices=[("unshare", "unshare"), ("schroot", "schroot")],
        help_text=_(
            "What opens it: unshare needs no root; schroot is for machines that have it already."
        ),
    )
    made_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(
        default=True,
        help_text=_("Builds may use it, and it is kept fresh."),
        verbose_name=_("in use"),
    )
    maker = models.CharField(
        max_length=20,
        default="mmdebstrap",
        choices=[("mmdebstrap", "mmdebstrap"), ("debootstrap", "debootstrap")],
        verbose_name=_("made by"),
        help_text=_("mmdebstrap is quicker; debootstrap is for releases that it cannot make."),
    )
    snippets = models.CharField(
        max_length=200, blank=True, help_text=_("From the library, separated by blanks: eatmydata.")
    )
    setup = models.TextField(
        blank=True,
        help_text=_("Shell that root runs in it when it is made; for what no snippet has."),
        verbose_name=_("set-up"),
    )
    refresh_hours = models.PositiveIntegerField(
        default=24,
        help_text=_("So old it may become before it is made anew; 0: any age."),
        verbose_name=_("hours until it is made anew"),
    )
    weight = models.SmallIntegerField(
        default=0, help_text=_("Of jobs that are alike, those of the heavier environment go first.")
    )
    generation = models.CharField(max_length=40, blank=True, editable=False)
    tried_at = models.DateTimeField(null=True, editable=False)
    asked_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When somebody asked for a new one.")
    )
    checked_at = models.DateTimeField(null=True, editable=False)
    valid_until = models.DateTimeField(null=True, editable=False)
    problem = models.TextField(blank=True, editable=False)
    problem_since = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["base", "architecture", "backend"]
        constraints = [
            models.UniqueConstraint(
                fields=["base", "architecture", "backend"], name="one_chroot_of_a_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.base.codename} {self.architecture} ({self.backend})"
