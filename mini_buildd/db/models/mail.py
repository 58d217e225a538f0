"""Mail: who wants to hear of what, and the letters that are or were to be sent."""

from django.conf import settings
from django.db import models

from mini_buildd.db.fields import choices
from mini_buildd.db.models.event import Event
from mini_buildd.db.models.upload import Upload
from mini_buildd.domain.subscription import Wants


class Subscription(models.Model):
    """Uploads of which an account wants to hear how they end."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subscriptions"
    )
    package = models.CharField(max_length=130, blank=True, help_text="May have * and ?.")
    repository = models.CharField(max_length=40, blank=True)
    distribution = models.CharField(max_length=130, blank=True)
    wants = models.CharField(max_length=20, choices=choices(Wants), default=Wants.ALL.value)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "package", "repository", "distribution"],
                name="a_subscription_once_an_account",
            )
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.package, self.repository, self.distribution))) or "all"


class OwnUploads(models.Model):
    """What an account wants to hear of its own uploads; without a row: all."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="own_uploads"
    )
    wants = models.CharField(max_length=20, choices=choices(Wants), default=Wants.ALL.value)

    class Meta:
        verbose_name = "wish on own uploads"
        verbose_name_plural = "wishes on own uploads"

    def __str__(self) -> str:
        return f"{self.user}: {self.wants}"


class Notice(models.Model):
    """An end of an upload that people are to be told of, once all about it is decided."""

    event = models.OneToOneField(Event, on_delete=models.CASCADE, related_name="notice")
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="notices")
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["at"], condition=models.Q(told_at=None), name="notice_not_told")
        ]

    def __str__(self) -> str:
        return f"{self.upload}: {self.event}"


class Letter(models.Model):
    """A mail to one address, from when it is written until some weeks after it was sent."""

    key = models.CharField(
        max_length=200, unique=True, help_text="Of what it tells whom, so that none is made twice."
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="letters"
    )
    recipient = models.CharField(max_length=320)
    text = models.TextField(help_text="Header and body.")
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=500, blank=True, help_text="The last one that was bad.")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(sent_at=None, given_up_at=None),
                name="letter_due",
            ),
            models.Index(fields=["made_at"], name="letter_made"),
        ]

    def __str__(self) -> str:
        return self.key
