"""How long the good builds of a source package took, version by version."""

from dataclasses import dataclass
from datetime import datetime

from mini_buildd.db.models import Job
from mini_buildd.db.queries.narrow import named
from mini_buildd.db.visibility import visible
from mini_buildd.deb.version import Version
from mini_buildd.domain.binnmu import binnmu_version
from mini_buildd.domain.states import JobState


@dataclass(frozen=True, slots=True)
class DurationRow:
    """A good build, and what it took."""

    job_id: int
    version: str
    architecture: str
    distribution: str
    created_at: datetime
    seconds: float


def list_durations(
    source: str, *, distribution: str = "", architecture: str = "", count: int = 100
) -> tuple[DurationRow, ...]:
    """The latest *count* of them, the oldest first."""
    rows = Job.objects.filter(
        named("source__name", source), state=JobState.SUCCEEDED, took_seconds__isnull=False
    )
    if distribution:
        rows = rows.filter(source__distribution__name=distribution)
    if architecture:
        rows = rows.filter(architecture=architecture)
    found = visible(rows, "source__distribution__repository__name").order_by("-pk")
    fields = (
        "pk",
        "source__version",
        "binnmu",
        "architecture",
        "source__distribution__name",
        "created_at",
        "took_seconds",
    )
    return tuple(
        DurationRow(pk, binnmu_version(Version(version), binnmu), *rest)
        for pk, version, binnmu, *rest in reversed(found.values_list(*fields)[:count])
    )
