"""Which distributions a build may take packages from."""

from mini_buildd.db.models import Distribution, Suite
from mini_buildd.domain.layout import suites_seen


def seen_by(distribution: Distribution) -> tuple[str, ...]:
    """The names of *distribution* itself and of those that it leads to."""
    rows = Suite.objects.filter(layout=distribution.suite.layout_id).select_related("migrates_to")
    leads_to = {row.name: row.migrates_to.name if row.migrates_to else None for row in rows}
    prefix = f"{distribution.base.codename}-{distribution.repository.name}"
    return tuple(f"{prefix}-{each}" for each in suites_seen(distribution.suite.name, leads_to))
