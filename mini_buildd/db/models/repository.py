"""Layouts, repositories and their distributions: the configuration of what is published."""

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from mini_buildd.db.fields import choices
from mini_buildd.db.models.base import Base
from mini_buildd.domain.layout import VersionRule
from mini_buildd.domain.upload_rules import SignaturePolicy


class Layout(models.Model):
    """A set of suites that repositories share."""

    name = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        return self.name


class Suite(models.Model):
    """One suite of a layout and its rules."""

    layout = models.ForeignKey(Layout, on_delete=models.CASCADE, related_name="suites")
    name = models.CharField(max_length=40)
    purpose = models.CharField(max_length=200, blank=True)
    accepts_uploads = models.BooleanField(default=True)
    migrates_to = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="migrates_from"
    )
    kept_rollbacks = models.PositiveIntegerField(default=6)
    version_rule = models.CharField(max_length=20, choices=choices(VersionRule))
    not_automatic = models.BooleanField(
        default=True, help_text="apt installs from it only when asked to."
    )
    but_automatic_upgrades = models.BooleanField(
        default=True, help_text="What was once installed from it is upgraded."
    )
    ignores_failed_checks = models.BooleanField(default=False)
    kept_versions = models.PositiveIntegerField(
        default=1,
        validators=[MinValueValidator(1)],
        help_text="So many versions of a source package are in the suite, the latest ones.",
    )
    kept_days = models.PositiveIntegerField(
        default=2,
        validators=[MinValueValidator(1)],
        help_text="No version of the suite goes sooner after its end; at least 1, for apt's sake.",
    )
    forms = models.CharField(
        max_length=20,
        default="gz xz",
        validators=[RegexValidator(r"\A(?:gz|xz|zst)(?: (?:gz|xz|zst))*\Z")],
        help_text="How indexes are compressed: of gz, xz and zst, separated by blanks.",
    )
    has_contents = models.BooleanField(
        default=True, help_text="Contents indexes, for apt-file: which package has a file."
    )
    has_translations = models.BooleanField(
        default=False, help_text="Long descriptions in an index of their own, Translation-en."
    )
    separates_debug = models.BooleanField(
        default=False, help_text="Debug symbols in a component of their own, such as main/debug."
    )
    valid_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Days after which apt refuses what was not signed again (Valid-Until); "
        "empty: never. It is signed again when half of them are over.",
    )
    checks_installability = models.BooleanField(
        default=True,
        help_text="Nothing migrates here that would make packages uninstallable.",
    )
    accepts_ready_made = models.BooleanField(
        default=False, help_text="Packages that were built elsewhere may be taken in."
    )
    wants_keyring = models.BooleanField(
        default=False, help_text="The package with the archive's keys is published here."
    )

    supersedes_builds = models.BooleanField(
        default=False, help_text="A newer upload ends the builds of older ones of the same source."
    )
    build_profiles = models.CharField(
        max_length=200, blank=True, help_text="Build profiles, separated by blanks: nocheck."
    )
    build_options = models.CharField(
        max_length=200, blank=True, help_text="DEB_BUILD_OPTIONS: nocheck parallel=2."
    )
    build_setup = models.TextField(
        blank=True, help_text="Shell that root runs in each build's environment before it begins."
    )
    uses_ccache = models.BooleanField(
        default=False,
        help_text="A source package's builds share a compiler cache: quicker, and less clean.",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["layout", "name"], name="one_suite_a_name")]

    def __str__(self) -> str:
        return f"{self.layout.name}: {self.name}"


class Repository(models.Model):
    """A family of distributions with one pool and one set of uploaders."""

    name = models.CharField(max_length=40, unique=True)
    layout = models.ForeignKey(Layout, on_delete=models.PROTECT, related_name="repositories")
    weekly_snapshots = models.PositiveIntegerField(
        default=4, help_text="So many weekly snapshots are kept; 0: none are taken."
    )
    monthly_snapshots = models.PositiveIntegerField(default=12, help_text="The same by month.")
    yearly_snapshots = models.PositiveIntegerField(default=3, help_text="The same by year.")

    is_private = models.BooleanField(
        default=False, help_text="Only those with a right to it may see it and install from it."
    )
    is_open = models.BooleanField(
        default=False,
        help_text="Takes uploads without any signature, from anybody who reaches this machine. "
        "Every page of it says so.",
    )
    signature_policy = models.CharField(
        max_length=20,
        choices=choices(SignaturePolicy),
        default=SignaturePolicy.CHANGES.value,
        help_text="Which signatures an upload must have; those that it has must hold anyway.",
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "repositories"

    def __str__(self) -> str:
        return self.name


class Distribution(models.Model):
    """One published suite: <codename>-<repository>-<suite>."""

    name = models.CharField(max_length=120, unique=True, editable=False)
    repository = models.ForeignKey(
        Repository, on_delete=models.PROTECT, related_name="distributions"
    )
    base = models.ForeignKey(Base, on_delete=models.PROTECT, related_name="distributions")
    suite = models.ForeignKey(Suite, on_delete=models.PROTECT, related_name="distributions")
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
    architecture = models.CharField(max_length=40)
    builds_all = models.BooleanField(
        default=False, help_text="The packages for all architectures are built here."
    )
    is_optional = models.BooleanField(
        default=False, help_text="A failure here does not hold the others up."
    )
    cross_from = models.CharField(
        max_length=40,
        blank=True,
        help_text="Cross-compiled on this architecture; empty: built natively.",
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
