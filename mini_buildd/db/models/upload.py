"""Uploads: the files that somebody sent, and what became of them."""

from django.db import models

from mini_buildd.db.fields import choices
from mini_buildd.db.models.people import OpenPGPKey
from mini_buildd.db.models.repository import Distribution
from mini_buildd.domain.states import UploadState


class Upload(models.Model):
    """One .changes with its files; what it says is filled in once its signature holds."""

    token = models.CharField(max_length=32, unique=True, help_text="Its folder in the spool.")
    changes_name = models.CharField(max_length=200)
    changes_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=20, choices=choices(UploadState))
    received_at = models.DateTimeField()
    signed_by = models.ForeignKey(
        OpenPGPKey, on_delete=models.SET_NULL, null=True, related_name="uploads"
    )
    # These stay when the key goes: whose signature it was.
    signer = models.CharField(max_length=400, blank=True, help_text="An account, or a user id.")
    signer_fingerprint = models.CharField(max_length=64, blank=True)
    source_name = models.CharField(max_length=130, blank=True)
    version = models.CharField(max_length=200, blank=True)
    distribution_name = models.CharField(max_length=130, blank=True)
    signed_distribution = models.CharField(
        max_length=130,
        blank=True,
        help_text="What the .changes names, where the folder it came by has it stand for another.",
    )
    distribution = models.ForeignKey(
        Distribution, on_delete=models.SET_NULL, null=True, related_name="uploads"
    )
    urgency = models.CharField(max_length=20, blank=True)
    closes = models.TextField(blank=True, help_text="Numbers of bugs, separated by blanks.")
    # What is looked for in the archive of the base release, while the upload waits for it.
    missing = models.TextField(blank=True, help_text="Names of files, separated by blanks.")
    tries = models.PositiveIntegerField(default=0)
    try_after = models.DateTimeField(null=True)
    # Why it was rejected, in the words of domain.problem.
    problem_code = models.CharField(max_length=60, blank=True)
    problem_title = models.CharField(max_length=200, blank=True)
    expected = models.TextField(blank=True)
    found = models.TextField(blank=True)
    hint = models.TextField(blank=True)
    more_problems = models.JSONField(
        default=list, blank=True, help_text="What else is wrong with it, in the same words."
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state"]),
            models.Index(fields=["source_name"], name="upload_source_name"),
            models.Index(fields=["distribution_name"], name="upload_distribution_name"),
            models.Index(fields=["signer"], name="upload_signer"),
            models.Index(fields=["received_at"], name="upload_received"),
        ]

    def __str__(self) -> str:
        return f"{self.id}: {self.changes_name}"
