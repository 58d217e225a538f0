"""Jobs (a source package on an architecture) and their attempts."""

from django.db import models

from mini_buildd.db.fields import choices
from mini_buildd.db.models.source import PoolFile, Source
from mini_buildd.domain.states import JobState, Outcome


class Job(models.Model):
    """One source package to be built on one architecture."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="jobs")
    architecture = models.CharField(max_length=40)
    builds_any = models.BooleanField()
    builds_all = models.BooleanField()
    is_optional = models.BooleanField(default=False)
    state = models.CharField(max_length=20, choices=choices(JobState))
    reason = models.TextField(blank=True, help_text="Why it waits or failed, in a sentence.")
    created_at = models.DateTimeField()
    binnmu = models.PositiveIntegerField(
        default=0, help_text="Its binaries get the version …+bN; 0: the source's own version."
    )
    binnmu_reason = models.CharField(max_length=500, blank=True)
    priority = models.SmallIntegerField(default=0, help_text="Higher ones go first.")
    not_before_at = models.DateTimeField(null=True, help_text="It is not tried again before.")
    waits_for = models.TextField(
        blank=True, help_text="The relations it is in dep-wait for, one a line."
    )
    build_architecture = models.CharField(
        max_length=40, blank=True, help_text="Where it is cross-compiled; empty: natively."
    )
    profiles = models.CharField(max_length=200, blank=True, help_text="Build profiles.")
    options = models.CharField(max_length=200, blank=True, help_text="DEB_BUILD_OPTIONS.")
    took_seconds = models.FloatField(
        null=True, help_text="Of the latest attempt that has ended, to find the longest ones by."
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "architecture", "binnmu"], name="one_job_a_target"
            )
        ]
        # Each has the id beside it, so a list that is filtered by one is in order at once.
        indexes = [
            models.Index(fields=["state"]),
            models.Index(fields=["architecture"], name="job_architecture"),
            models.Index(fields=["created_at"], name="job_created"),
            models.Index(fields=["took_seconds"], name="job_took"),
        ]

    def __str__(self) -> str:
        return f"{self.source} on {self.architecture}"


class Attempt(models.Model):
    """One try at a job; its *number* is the fence that its result must bring back."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    token = models.CharField(max_length=32, unique=True, help_text="Its folder at the builder.")
    builder = models.CharField(max_length=100)
    assigned_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, choices=choices(Outcome), blank=True)
    stage = models.CharField(max_length=60, blank=True, help_text="Where sbuild stopped.")
    reason = models.TextField(blank=True)
    lease_until = models.DateTimeField(
        null=True, help_text="When the builder has not been heard of until then, it is lost."
    )
    cancel_requested_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=300, blank=True)
    phases = models.JSONField(default=list, help_text="Pairs: title, seconds.")
    peak_memory_bytes = models.BigIntegerField(null=True)
    disk_bytes = models.BigIntegerField(null=True)
    cpu_seconds = models.FloatField(null=True)
    generation = models.CharField(max_length=40, blank=True, help_text="Of the chroot.")
    layer = models.CharField(max_length=64, blank=True, help_text="Its build dependencies.")
    notes = models.TextField(blank=True, help_text="What the machine could not give, one a line.")
    buildinfo = models.ForeignKey(
        PoolFile, on_delete=models.PROTECT, null=True, related_name="attempts"
    )

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="one_fence_a_job")]
        indexes = [
            models.Index(fields=["outcome"]),
            models.Index(fields=["finished_at"], name="attempt_finished"),
            models.Index(fields=["builder"], name="attempt_builder"),
        ]

    def __str__(self) -> str:
        return f"{self.job}, attempt {self.number}"
