"""All suites in a line each, for who chooses one."""

from dataclasses import dataclass

from mini_buildd.db.models import Distribution
from mini_buildd.db.visibility import visible


@dataclass(frozen=True, slots=True)
class SuiteNameRow:
    """A suite by name, and what that is made of."""

    name: str
    repository: str
    codename: str
    suite: str
    accepts_uploads: bool
    is_frozen: bool


def list_suite_names(repository: str = "") -> tuple[SuiteNameRow, ...]:
    """Those of *repository*, or all, by name."""
    rows = visible(Distribution.objects.all(), "repository__name")
    if repository:
        rows = rows.filter(repository__name=repository)
    return tuple(
        SuiteNameRow(
            row.name,
            row.repository.name,
            row.base.codename,
            row.suite.name,
            accepts_uploads=row.suite.accepts_uploads,
            is_frozen=row.frozen_at is not None,
        )
        for row in rows.select_related("repository", "base", "suite").order_by("name")
    )
