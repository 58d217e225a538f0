"""Who may upload: accounts with OpenPGP keys and the repositories they are let into."""

from django.conf import settings
from django.db import models

from mini_buildd.db.models.repository import Repository


class Uploader(models.Model):
    """An account that uploads."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploader"
    )
    repositories = models.ManyToManyField(Repository, blank=True, related_name="uploaders")

    def __str__(self) -> str:
        return self.user.get_username()


class OpenPGPKey(models.Model):
    """A public key of an uploader."""

    uploader = models.ForeignKey(Uploader, on_delete=models.CASCADE, related_name="keys")
    fingerprint = models.CharField(max_length=64, unique=True)
    user_id = models.CharField(max_length=300, blank=True)
    armored = models.TextField()
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name = "OpenPGP key"

    def __str__(self) -> str:
        return f"{self.user_id} {self.fingerprint[-16:]}"
