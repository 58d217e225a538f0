"""Accepted source packages and their files in the pool."""

from django.db import models

from mini_buildd.db.fields import choices
from mini_buildd.db.models.repository import Distribution, Repository
from mini_buildd.db.models.upload import Upload
from mini_buildd.domain.states import SourceState


class PoolFile(models.Model):
    """One file of a repository's pool; *path* is relative to the repository's folder.

    With *removed_at* it was one: the path is free, and may have got another file and row since.
    """

    repository = models.ForeignKey(Repository, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=500)
    name = models.CharField(max_length=210)
    size_bytes = models.BigIntegerField()
    md5 = models.CharField(max_length=32)
    sha1 = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)

    removed_at = models.DateTimeField(null=True, help_text="When nothing kept had it any more.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "path"],
                condition=models.Q(removed_at=None),
                name="one_file_a_path",
            )
        ]
        indexes = [
            models.Index(fields=["repository", "name"]),
            models.Index(
                fields=["repository", "removed_at"],
                condition=models.Q(removed_at__isnull=False),
                name="file_removed",
            ),
        ]

    def __str__(self) -> str:
        return self.path


class Source(models.Model):
    """A source package in one distribution; *paragraph* is its text in the Sources index."""

    upload = models.OneToOneField(
        Upload, on_delete=models.PROTECT, related_name="source", null=True, blank=True
    )
    origin = models.CharField(
        max_length=300,
        blank=True,
        help_text="Where it came from, if it was not uploaded and built here.",
    )
    distribution = models.ForeignKey(Distribution, on_delete=models.PROTECT, related_name="sources")
    name = models.CharField(max_length=130)
    version = models.CharField(max_length=200)
    component = models.CharField(max_length=40)
    architectures = models.CharField(max_length=300, help_text="As in the .dsc, with wildcards.")
    paragraph = models.TextField()
    changes = models.TextField(blank=True, help_text="What the .changes says is new.")
    state = models.CharField(max_length=20, choices=choices(SourceState))
    accepted_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["distribution", "name", "version"], name="one_source_a_version"
            )
        ]
        indexes = [
            # With the upload behind it, it gives those in one state in the order of uploads.
            models.Index(fields=["state", "upload"], name="source_state_upload"),
            models.Index(fields=["name"]),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class SourceFile(models.Model):
    """A file of a source package, the .dsc included."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="files")
    file = models.ForeignKey(PoolFile, on_delete=models.PROTECT, related_name="sources")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "file"], name="a_file_once_a_source")
        ]

    def __str__(self) -> str:
        return self.file.name
