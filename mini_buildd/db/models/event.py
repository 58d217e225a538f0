"""Events: what happened, numbered, in the transaction that made it happen."""

from django.db import models

from mini_buildd.db.fields import choices
from mini_buildd.db.models.job import Job
from mini_buildd.db.models.people import OpenPGPKey
from mini_buildd.db.models.repository import Distribution, Repository
from mini_buildd.db.models.source import Source
from mini_buildd.db.models.upload import Upload
from mini_buildd.domain.event import EventKind


class Event(models.Model):
    """One thing that happened, to whichever of these it concerns.

    *package*, *repository* and *person* follow from the others. They are kept here so that lists
    find theirs by an index each, whatever the number of events: with the number of the event behind
    it, the index gives them in order as well. They are as they were when it happened.
    """

    kind = models.CharField(max_length=40, choices=choices(EventKind))
    at = models.DateTimeField()
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, null=True, related_name="events")
    source = models.ForeignKey(Source, on_delete=models.CASCADE, null=True, related_name="events")
    job = models.ForeignKey(Job, on_delete=models.CASCADE, null=True, related_name="events")
    distribution = models.ForeignKey(
        Distribution, on_delete=models.CASCADE, null=True, related_name="events"
    )
    key = models.ForeignKey(OpenPGPKey, on_delete=models.SET_NULL, null=True, related_name="events")
    detail = models.TextField(blank=True)
    package = models.CharField(max_length=130, blank=True, help_text="The name of the source.")
    repository = models.ForeignKey(
        Repository, on_delete=models.CASCADE, null=True, related_name="events"
    )
    person = models.CharField(
        max_length=400, blank=True, help_text="Whose upload or key: an account, or a user id."
    )

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["kind", "id"]),
            models.Index(fields=["package", "id"], name="event_package"),
            models.Index(fields=["person", "id"], name="event_person"),
            models.Index(fields=["at"], name="event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.kind}"


class Cursor(models.Model):
    """How far a reader of the events has come, so that it goes on there after a restart."""

    name = models.CharField(max_length=60, primary_key=True)
    event_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name
