"""What is published: binary packages, the versions of a suite, and what each version holds."""

from django.db import models

from mini_buildd.db.models.job import Attempt
from mini_buildd.db.models.repository import Distribution
from mini_buildd.db.models.source import PoolFile, Source

__all__ = ["Binary", "PoolFile", "Publication", "SuiteEntry"]


class Binary(models.Model):
    """A binary package that a build made; *paragraph* is its text in the Packages index."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="binaries")
    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="binaries")
    file = models.OneToOneField(PoolFile, on_delete=models.PROTECT, related_name="binary")
    package = models.CharField(max_length=130)
    version = models.CharField(max_length=200)
    architecture = models.CharField(max_length=40)
    component = models.CharField(max_length=40)
    is_udeb = models.BooleanField(default=False)
    paragraph = models.TextField()

    class Meta:
        ordering = ["package"]
        verbose_name_plural = "binaries"
        indexes = [models.Index(fields=["package", "version"])]

    def __str__(self) -> str:
        return f"{self.package} {self.version} {self.architecture}"


class Publication(models.Model):
    """Version *number* of a suite. Until *published_at* is set, the tree on disk is behind."""

    distribution = models.ForeignKey(
        Distribution, on_delete=models.PROTECT, related_name="publications"
    )
    number = models.PositiveIntegerField()
    decided_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    cause = models.ForeignKey(
        Source, on_delete=models.SET_NULL, null=True, related_name="publications"
    )

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
            )
        ]

    def __str__(self) -> str:
        return f"{self.distribution} version {self.number}"


class SuiteEntry(models.Model):
    """A source package with its binaries, in a suite from one version of it until another.

    It is in version *added_in* and no longer in *removed_in*, so every version of the suite can
    be told from the rows.
    """

    distribution = models.ForeignKey(Distribution, on_delete=models.PROTECT, related_name="entries")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="entries")
    added_in = models.PositiveIntegerField()
    removed_in = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name_plural = "suite entries"
        constraints = [
            models.UniqueConstraint(
                fields=["distribution", "source"],
                condition=models.Q(removed_in=None),
                name="a_source_once_a_suite",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} in {self.distribution}"
