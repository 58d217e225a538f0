"""Webhooks of accounts, and what was told by them or by the programs in hooks.d."""

from django.conf import settings
from django.db import models

from mini_buildd.db.fields import choices
from mini_buildd.db.models.event import Event
from mini_buildd.domain.webhook import DeliveryState


class Webhook(models.Model):
    """Where events are sent to that its owner may see, and which of them."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks"
    )
    name = models.CharField(max_length=100, blank=True, help_text="What it is for.")
    url = models.CharField(max_length=500)
    # What is signed with it is verified with it, so no digest would do.
    secret = models.CharField(max_length=100, editable=False)
    old_secret = models.CharField(max_length=100, blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, editable=False)
    kinds = models.TextField(blank=True, help_text="Separated by blanks; empty: all.")
    package = models.CharField(max_length=130, blank=True, help_text="May have * and ?.")
    distribution = models.CharField(max_length=130, blank=True)
    repository = models.CharField(max_length=40, blank=True)
    made_at = models.DateTimeField()
    after_event = models.BigIntegerField(default=0, help_text="Only later ones are sent.")
    is_active = models.BooleanField(default=True)
    stopped_reason = models.CharField(max_length=300, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    failing_since = models.DateTimeField(null=True, editable=False)
    rests_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name or self.url


class Delivery(models.Model):
    """An event that one webhook, or one program of hooks.d, is to be told, and how that went."""

    token = models.CharField(max_length=40, unique=True, help_text="The same at each try.")
    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, null=True, related_name="deliveries"
    )
    program = models.CharField(max_length=200, blank=True)
    event = models.ForeignKey(
        Event, on_delete=models.SET_NULL, null=True, related_name="deliveries"
    )
    kind = models.CharField(max_length=40)
    body = models.TextField(help_text="JSON, as it was when the event was read.")
    state = models.CharField(max_length=20, choices=choices(DeliveryState))
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    log = models.JSONField(default=list, help_text="Of each try: at, status, seconds, said.")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [
            # So that reading the same events again after a crash changes nothing.
            models.UniqueConstraint(
                fields=["webhook", "event"],
                condition=models.Q(webhook__isnull=False, event__isnull=False),
                name="an_event_once_a_webhook",
            ),
            models.UniqueConstraint(
                fields=["program", "event"],
                condition=models.Q(webhook__isnull=True, event__isnull=False),
                name="an_event_once_a_program",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="delivery_due"),
            models.Index(fields=["webhook", "state", "due_at"], name="delivery_of_webhook"),
            models.Index(fields=["program", "state", "due_at"], name="delivery_of_program"),
            models.Index(fields=["made_at"], name="delivery_made"),
        ]

    def __str__(self) -> str:
        return self.token
