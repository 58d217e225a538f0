"""What is counted as time goes by, so that plots need not read all that ever was."""

from django.db import models

from mini_buildd.db.models.repository import Distribution


class BuildDay(models.Model):
    """How many attempts ended on a day (UTC), and how; *good_seconds* is what the good ones took.

    Made from the attempts, and made again while the day lasts: see flow.measure.
    """

    day = models.DateField()
    distribution = models.ForeignKey(
        Distribution, on_delete=models.CASCADE, related_name="build_days"
    )
    architecture = models.CharField(max_length=40)
    good = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    other = models.PositiveIntegerField(default=0, help_text="Lost, cancelled, in dep-wait.")
    good_seconds = models.FloatField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "distribution", "architecture"], name="one_count_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.distribution} {self.architecture}"


class QueueSample(models.Model):
    """How much waited and ran for an architecture; nothing is written where that was nothing.

    *minutes* is the time it stands for, beginning *at*: a longer one has the most of that time.
    """

    at = models.DateTimeField()
    architecture = models.CharField(max_length=40)
    waiting = models.PositiveIntegerField()
    running = models.PositiveIntegerField()
    minutes = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["at", "architecture"], name="one_sample_a_moment")
        ]

    def __str__(self) -> str:
        return f"{self.at} {self.architecture}"
