"""Layouts, repositories and their distributions: the configuration of what is published."""

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from mini_buildd.db.fields import choices
from mini_buildd.db.models.base import Base
from mini_buildd.domain.layout import VersionRule
from mini_buildd.domain.upload_rules import SignaturePolicy


class Layout(models.Model):
    """A set of suites that repositories share."""

    name = models.CharField(
        max_length=40, unique=True, help_text=_("What repositories choose it by.")
    )

    def __str__(self) -> str:
        return self.name


class Suite(models.Model):
    """One suite of a layout and its rules."""

    layout = models.ForeignKey(Layout, on_delete=models.CASCADE, related_name="suites")
    name = models.CharField(
        max_length=40,
        help_text=_("The last part of a distribution's name: unstable in trixie-test-unstable."),
    )
    purpose = models.CharField(
        max_length=200,
        blank=True,
        help_text=_("What it is for, in one sentence; its page says so."),
    )
    accepts_uploads = models.BooleanField(
        default=True,
        verbose_name=_("takes uploads"),
        help_text=_("Packages may be uploaded to it; else they only migrate to it."),
    )
    migrates_to = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="migrates_from",
        help_text=_("Where its packages go next; empty: nowhere."),
    )
    kept_rollbacks = models.PositiveIntegerField(
        default=6,
        verbose_name=_("versions to go back to"),
        help_text=_("So many earlier versions of the suite are kept to go back to."),
    )
    version_rule = models.CharField(
        max_length=20,
        choices=choices(VersionRule),
        verbose_name=_("rule for versions"),
        help_text=_("What the version of an upload must look like."),
    )
    not_automatic = models.BooleanField(
        default=True, help_text=_("apt installs from it only when asked to.")
    )
    but_automatic_upgrades = models.BooleanField(
        default=True, help_text=_("What was once installed from it is upgraded.")
    )
    ignores_failed_checks = models.BooleanField(
        default=False, help_text=_("Packages are published even when a check of theirs failed.")
    )
    kept_versions = models.PositiveIntegerField(
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("So many versions of a source package are in the suite, the latest ones."),
        verbose_name=_("versions of a package"),
    )
    kept_days = models.PositiveIntegerField(
        default=2,
        validators=[MinValueValidator(1)],
        help_text=_(
            "No version of the suite goes sooner after its end; at least 1, for apt's sake."
        ),
        verbose_name=_("days that versions of the suite are kept"),
    )
    forms = models.CharField(
        max_length=20,
        default="gz xz",
        validators=[RegexValidator(r"\A(?:gz|xz|zst)(?: (?:gz|xz|zst))*\Z")],
        help_text=_("How indexes are compressed: of gz, xz and zst, separated by blanks."),
        verbose_name=_("compressions"),
    )
    has_contents = models.BooleanField(
        default=True, help_text=_("Contents indexes, for apt-file: which package has a file.")
    )
    has_translations = models.BooleanField(
        default=False, help_text=_("Long descriptions in an index of their own, Translation-en.")
    )
    separates_debug = models.BooleanField(
        default=False, help_text=_("Debug symbols in a component of their own, such as main/debug.")
    )
    valid_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "Days after which apt refuses what was not signed again (Valid-Until); "
            "empty: never. It is signed again when half of them are over."
        ),
        verbose_name=_("days that a signature holds"),
    )
    checks_installability = models.BooleanField(
        default=True,
        help_text=_("Nothing migrates here that would make packages uninstallable."),
    )
    accepts_ready_made = models.BooleanField(
        default=False, help_text=_("Packages that were built elsewhere may be taken in.")
    )
    wants_keyring = models.BooleanField(
        default=False, help_text=_("The package with the archive's keys is published here.")
    )

    supersedes_builds = models.BooleanField(
        default=False,
        help_text=_("A newer upload ends the builds of older ones of the same source."),
    )
    build_profiles = models.CharField(
        max_length=200, blank=True, help_text=_("Build profiles, separated by blanks: nocheck.")
    )
    build_options = models.CharField(
        max_length=200, blank=True, help_text=_("DEB_BUILD_OPTIONS: nocheck parallel=2.")
    )
    build_setup = models.TextField(
        blank=True,
        help_text=_("Shell that root runs in each build's environment before it begins."),
    )
    uses_ccache = models.BooleanField(
        default=False,
        help_text=_("A source package's builds share a compiler cache: quicker, and less clean."),
        verbose_name=_("uses a compiler cache"),
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["layout", "name"], name="one_suite_a_name")]

    def __str__(self) -> str:
        return f"{self.layout.name}: {self.name}"


class Repository(models.Model):
    """A family of distributions with one pool and one set of uploaders."""

    name = models.CharField(
        max_length=40,
        unique=True,
        help_text=_(
            "Small letters and digits: test in trixie-test-unstable and in 1.0-1~test13+1."
        ),
    )
    layout = models.ForeignKey(
        Layout,
        on_delete=models.PROTECT,
        related_name="repositories",
        help_text=_("Which suites it has, and their rules."),
    )
    weekly_snapshots = models.PositiveIntegerField(
        default=4, help_text=_("So many weekly snapshots are kept; 0: none are taken.")
    )
    monthly_snapshots = models.PositiveIntegerField(default=12, help_text=_("The same by month."))
    yearly_snapshots = models.PositiveIntegerField(default=3, help_text=_("The same by year."))

    is_private = models.BooleanField(
        default=False,
        help_text=_("Only those with a right to it may see it and install from it."),
        verbose_name=_("private"),
    )
    is_open = models.BooleanField(
        default=False,
        help_text=_(
            "Takes uploads without any signature, from anybody who reaches this machine. "
            "Every page of it says so."
        ),
        verbose_name=_("open to everybody"),
    )
    signature_policy = models.CharField(
        max_length=20,
        choices=choices(SignaturePolicy),
        default=SignaturePolicy.CHANGES.value,
        help_text=_("Which signatures an upload must have; those that it has must hold anyway."),
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = _("repositories")

    def __str__(self) -> str:
        return self.name


class Distribution(models.Model):
    """One published suite: <codename>-<repository>-<suite>."""

    name = models.CharField(max_length=120, unique=True, editable=False)
    repository = models.ForeignKey(
        Repository,
        on_delete=models.PROTECT,
        related_name="distributions",
        help_text=_("Where its packages lie, and who may upload them."),
    )
    base = models.ForeignKey(
        Base,
        on_delete=models.PROTECT,
        related_name="distributions",
        verbose_name=_("base release"),
        help_text=_("What its packages are built for."),
    )
    suite = models.ForeignKey(
        Suite,
        on_delete=models.PROTECT,
        related_name="distributions",
        help_text=_("Which of the layout's suites it is."),
    )
    frozen_at = models.DateTimeField(null=True, editable=False)
    frozen_by = models.CharField(max_length=150, blank=True, editable=False)
    frozen_reason = models.CharField(max_length=500, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "base", "suite"], name="one_distribution_of_a_kind"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        """The name follows from the parts, whoever saves."""
        self.name = f"{self.base.codename}-{self.repository.name}-{self.suite.name}"
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # handed through as they came


class DistributionArchitecture(models.Model):
    """An architecture that a distribution is built for."""

    distribution = models.ForeignKey(
        Distribution, on_delete=models.CASCADE, related_name="architectures"
    )
    architecture = models.CharField(
        max_length=40, help_text=_("As dpkg calls it: amd64. It wants a chroot of its own.")
    )
    builds_all = models.BooleanField(
        default=False,
        help_text=_("The packages for all architectures are built here."),
        verbose_name=_("builds “all”"),
    )
    is_optional = models.BooleanField(
        default=False,
        help_text=_("A failure here does not hold the others up."),
        verbose_name=_("optional"),
    )
    cross_from = models.CharField(
        max_length=40,
        blank=True,
        help_text=_("Cross-compiled on this architecture; empty: built natively."),
    )

    class Meta:
        ordering = ["architecture"]
        constraints = [
            models.UniqueConstraint(
                fields=["distribution", "architecture"], name="one_architecture_a_distribution"
            ),
            models.UniqueConstraint(
                fields=["distribution"],
                condition=models.Q(builds_all=True),
                name="all_is_built_once",
            ),
        ]

    def __str__(self) -> str:
        return self.architecture
