"""The rights to a repository, as its owners see them."""

from dataclasses import dataclass
from datetime import datetime

from mini_buildd.db.models import Grant
from mini_buildd.domain.permission import Role


@dataclass(frozen=True, slots=True)
class GivenRight:
    """A right and who has it; *kind* is account, group or keyring.

    *fingerprint* is that of the only key of the keyring that has it; *suite* and *sources* are
    empty for all of them.
    """

    id: int
    repository: str
    whom: str
    kind: str
    fingerprint: str
    role: Role
    suite: str
    sources: str
    may_add_sources: bool
    given_at: datetime | None
    given_by: str


def list_rights(repository: str = "") -> tuple[GivenRight, ...]:
    """All rights to *repository*, or to all of them."""
    rows = Grant.objects.select_related("repository", "user", "group", "keyring", "suite")
    if repository:
        rows = rows.filter(repository__name=repository)
    return tuple(map(_right, rows.order_by("repository__name", "-role", "id")))


def _right(row: Grant) -> GivenRight:
    whom, kind = _whom(row)
    return GivenRight(
        id=row.pk,
        repository=row.repository.name,
        whom=whom,
        kind=kind,
        fingerprint=row.fingerprint,
        role=Role(row.role),
        suite=row.suite.name if row.suite is not None else "",
        sources=row.sources,
        may_add_sources=row.may_add_sources,
        given_at=row.given_at,
        given_by=row.given_by,
    )


def _whom(row: Grant) -> tuple[str, str]:
    if row.user is not None:
        return row.user.get_username(), "account"
    if row.group is not None:
        return row.group.name, "group"
    return str(row.keyring), "keyring"
