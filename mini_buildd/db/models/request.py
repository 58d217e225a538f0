"""Requests of programs that must not be done twice, and what was said to them."""

from django.db import models


class AnsweredRequest(models.Model):
    """A request with an Idempotency-Key; its *status* is 0 until it is answered."""

    account = models.CharField(max_length=150)
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was asked.")
    begun_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(default=0)
    content = models.TextField(blank=True)
    location = models.CharField(max_length=300, blank=True)
    is_kept = models.BooleanField(default=True, help_text="Not when it had a secret.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="a_key_once_an_account")
        ]
        indexes = [models.Index(fields=["begun_at"])]

    def __str__(self) -> str:
        return f"{self.account} {self.key}"
