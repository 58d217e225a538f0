"""Releases of the base distribution: what packages are built for, and from which archive."""

from django.db import models


class Base(models.Model):
    """One release, such as Debian trixie."""

    vendor = models.CharField(max_length=40, default="Debian")
    codename = models.CharField(max_length=40, unique=True)
    version_code = models.CharField(
        max_length=20, help_text="Part of every version built for it: 13, 2404, ~SID."
    )

    class Meta:
        ordering = ["codename"]
        verbose_name = "base release"

    def __str__(self) -> str:
        return f"{self.vendor} {self.codename}"


class AptSource(models.Model):
    """One apt source of a base release; the first one is what chroots are made from."""

    base = models.ForeignKey(Base, on_delete=models.CASCADE, related_name="apt_sources")
    url = models.CharField(max_length=300, help_text="Where dists/ and pool/ are found.")
    suite = models.CharField(max_length=80, help_text="As under dists/: trixie, trixie-updates.")
    components = models.CharField(max_length=200, default="main")
    keyring = models.CharField(
        max_length=300, help_text="Path of the keyring that signs it, as apt's Signed-By."
    )
    check_valid_until = models.BooleanField(
        default=True,
        help_text="Switch off only for an archive that is past its date on purpose: "
        "without the check an attacker can replay an old state.",
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["base", "url", "suite"], name="one_source_a_suite")
        ]
        verbose_name = "apt source"

    def __str__(self) -> str:
        return f"{self.url} {self.suite}"


class Chroot(models.Model):
    """What builds for one base release and architecture start from."""

    base = models.ForeignKey(Base, on_delete=models.CASCADE, related_name="chroots")
    architecture = models.CharField(max_length=40)
    backend = models.CharField(
        max_length=20, choices=[("unshare", "unshare"), ("schroot", "schroot")]
    )
    made_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True, help_text="Builds may use it.")
    maker = models.CharField(
        max_length=20,
        default="mmdebstrap",
        choices=[("mmdebstrap", "mmdebstrap"), ("debootstrap", "debootstrap")],
    )
    snippets = models.CharField(
        max_length=200, blank=True, help_text="From the library, separated by blanks: eatmydata."
    )
    setup = models.TextField(
        blank=True, help_text="Shell that root runs in it when it is made; for what no snippet has."
    )
    refresh_hours = models.PositiveIntegerField(
        default=24, help_text="So old it may become before it is made anew; 0: any age."
    )
    weight = models.SmallIntegerField(
        default=0, help_text="Of jobs that are alike, those of the heavier environment go first."
    )
    generation = models.CharField(max_length=40, blank=True, editable=False)
    tried_at = models.DateTimeField(null=True, editable=False)
    asked_at = models.DateTimeField(
        null=True, editable=False, help_text="When somebody asked for a new one."
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
