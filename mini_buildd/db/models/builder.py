"""Builders, and what single source packages need of one."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Builder(models.Model):
    """A machine that builds; all but *is_enabled* it says of itself."""

    name = models.CharField(max_length=100, unique=True)
    is_enabled = models.BooleanField(
        default=True, help_text=_("It is given new jobs."), verbose_name=_("given jobs")
    )
    slots = models.PositiveIntegerField(default=0)
    cores = models.PositiveIntegerField(default=0)
    memory_mb = models.PositiveIntegerField(default=0)
    disk_mb = models.PositiveIntegerField(default=0, help_text=_("Free for builds."))
    architectures = models.CharField(max_length=200, blank=True)
    tags = models.CharField(max_length=200, blank=True)
    seen_at = models.DateTimeField(null=True)
    faults = models.PositiveIntegerField(
        default=0, help_text=_("Attempts in a row that it failed for its own reasons.")
    )
    set_aside_at = models.DateTimeField(null=True)
    set_aside_until = models.DateTimeField(null=True, help_text=_("Then it is tried with one job."))
    set_aside_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class BuildNeeds(models.Model):
    """What a source package needs, where somebody knows better than its history."""

    source = models.CharField(
        max_length=130,
        unique=True,
        help_text=_("Its name, such as linux."),
        verbose_name=_("source package"),
    )
    memory_mb = models.PositiveIntegerField(
        null=True,
        blank=True,
        verbose_name=_("memory (MB)"),
        help_text=_("So much the builder must have."),
    )
    disk_mb = models.PositiveIntegerField(
        null=True,
        blank=True,
        verbose_name=_("disk (MB)"),
        help_text=_("So much must be free there."),
    )
    cores = models.PositiveIntegerField(
        null=True,
        blank=True,
        verbose_name=_("cores"),
        help_text=_("So many processors it must have."),
    )
    minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=_("After so many a build is ended; empty: as the settings say."),
        verbose_name=_("minutes"),
    )
    tags = models.CharField(
        max_length=200,
        blank=True,
        help_text=_("The builder has all of these, separated by blanks."),
    )
    priority = models.SmallIntegerField(default=0, help_text=_("Higher ones go first."))

    class Meta:
        ordering = ["source"]
        verbose_name_plural = _("build needs")

    def __str__(self) -> str:
        return self.source
