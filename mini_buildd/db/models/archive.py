"""What is published: binary packages, the versions of a suite, and what each version holds."""

from django.db import models

from mini_buildd.db.fields import choices
from mini_buildd.db.models.job import Attempt
from mini_buildd.db.models.repository import Distribution, Repository
from mini_buildd.db.models.source import PoolFile, Source
from mini_buildd.domain.suite_version import Cause

__all__ = ["Binary", "Listing", "PoolFile", "Publication", "Snapshot", "SuiteEntry"]


class Binary(models.Model):
    """A binary package; *paragraph* is its text in the Packages index.

    *attempt* is the build that made it, none for what was built elsewhere.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="binaries")
    attempt = models.ForeignKey(
        Attempt, on_delete=models.CASCADE, related_name="binaries", null=True, blank=True
    )
    file = models.OneToOneField(PoolFile, on_delete=models.PROTECT, related_name="binary")
    package = models.CharField(max_length=130)
    version = models.CharField(max_length=200)
    architecture = models.CharField(max_length=40)
    component = models.CharField(max_length=40)
    is_udeb = models.BooleanField(default=False)
    is_debug = models.BooleanField(default=False)
    paragraph = models.TextField()

    class Meta:
        ordering = ["package"]
        verbose_name_plural = "binaries"
        indexes = [models.Index(fields=["package", "version"])]

    def __str__(self) -> str:
        return f"{self.package} {self.version} {self.architecture}"


class Listing(models.Model):
    """The paths of a binary package's files, as archive.contents.pack_listing makes them."""

    binary = models.OneToOneField(
        Binary, on_delete=models.CASCADE, related_name="listing", primary_key=True
    )
    paths = models.BinaryField()

    def __str__(self) -> str:
        return str(self.binary)


class Publication(models.Model):
    """Version *number* of a suite. Until *published_at* is set, the tree on disk is behind.

    *removed_at* is when its folder went, which may be at once: of several versions that were
    decided while one was being written, only the last is ever seen. *signed_by* are the
    fingerprints of the keys that signed what is shown, until *valid_until*.
    """

    distribution = models.ForeignKey(
        Distribution, on_delete=models.PROTECT, related_name="publications"
    )
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=choices(Cause), default=Cause.UPLOAD)
    actor = models.CharField(max_length=150, blank=True, help_text="Who decided it.")
    reason = models.CharField(max_length=500, blank=True)
    cause = models.ForeignKey(
        Source, on_delete=models.SET_NULL, null=True, related_name="publications"
    )
    restores = models.PositiveIntegerField(null=True, help_text="The version that it goes back to.")
    areas = models.CharField(max_length=500, blank=True, help_text="Its parts with indexes.")
    decided_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    signed_by = models.CharField(max_length=300, blank=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["distribution", "number"], name="one_suite_version")
        ]
        indexes = [
            models.Index(
                fields=["distribution"],
                condition=models.Q(published_at=None),
                name="publication_to_carry_out",
            ),
            models.Index(
                fields=["distribution", "number"],
                condition=models.Q(removed_at=None),
                name="publication_kept",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.distribution} version {self.number}"


class SuiteEntry(models.Model):
    """A package in a suite from one version of it until another.

    The source package itself where *binary* is None, else one of its binary packages. It is in
    version *added_in* and no longer in *removed_in*, so every version of the suite can be told from
    the rows.
    """

    distribution = models.ForeignKey(Distribution, on_delete=models.PROTECT, related_name="entries")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="entries")
    binary = models.ForeignKey(
        Binary, on_delete=models.PROTECT, related_name="entries", null=True, blank=True
    )
    added_in = models.PositiveIntegerField()
    removed_in = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name_plural = "suite entries"
        constraints = [
            models.UniqueConstraint(
                fields=["distribution", "source"],
                condition=models.Q(removed_in=None, binary=None),
                name="a_source_once_a_suite",
            ),
            models.UniqueConstraint(
                fields=["distribution", "binary"],
                condition=models.Q(removed_in=None, binary__isnull=False),
                name="a_binary_once_a_suite",
            ),
        ]
        indexes = [
            models.Index(fields=["distribution", "source"], name="entry_source"),
            models.Index(fields=["distribution", "binary"], name="entry_binary"),
            models.Index(fields=["distribution", "added_in"], name="entry_added"),
            models.Index(fields=["distribution", "removed_in"], name="entry_removed"),
        ]

    def __str__(self) -> str:
        return f"{self.binary or self.source} in {self.distribution}"


class Snapshot(models.Model):
    """A name for the versions that the suites of a repository had; they are kept as long as it.

    *kind* says what made it: a person, or the schedule of weekly, monthly and yearly ones.
    """

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="snapshots")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20)
    taken_at = models.DateTimeField()
    taken_by = models.CharField(max_length=150, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    versions = models.ManyToManyField(Publication, related_name="snapshots")

    class Meta:
        ordering = ["-taken_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["repository", "name"], name="one_snapshot_a_name")
        ]

    def __str__(self) -> str:
        return f"{self.repository} {self.name}"
