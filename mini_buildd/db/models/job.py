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

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "architecture"], name="one_job_a_target")
        ]
        indexes = [models.Index(fields=["state"])]

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
    buildinfo = models.ForeignKey(
        PoolFile, on_delete=models.PROTECT, null=True, related_name="attempts"
    )

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="one_fence_a_job")]
        indexes = [models.Index(fields=["outcome"])]

    def __str__(self) -> str:
        return f"{self.job}, attempt {self.number}"
