"""The audit log, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mini_buildd.db.models import AuditEntry
from mini_buildd.db.queries.page import PAGE_ROWS, Page, page
from mini_buildd.domain.permission import Door

_WAYS: Mapping[str, str] = {
    Door.PAGE: "on a page",
    Door.SETTINGS: "in Settings",
    Door.API: "by the API",
    Door.COMMAND: "by a command",
}


@dataclass(frozen=True, slots=True)
class ChangedField:
    """A field as it was and as it is since; empty where there was none."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what, by which door, and what it changed."""

    id: int
    at: datetime
    who: str
    door: str
    act: str
    kind: str
    name: str
    changed: tuple[ChangedField, ...]

    @property
    def way(self) -> str:
        """By which door, as people say it."""
        return _WAYS.get(self.door, self.door)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to look for; empty for all. *name* may be a part of one."""

    who: str = ""
    kind: str = ""
    name: str = ""


def list_audit(
    wanted: AuditFilter, before: int | None = None, count: int = PAGE_ROWS
) -> Page[AuditRow]:
    """A page of entries."""
    rows = AuditEntry.objects.all()
    if wanted.who:
        rows = rows.filter(who=wanted.who)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.name:
        rows = rows.filter(name__icontains=wanted.name)
    return page(rows, _row, before, count)


def audit_kinds() -> tuple[str, ...]:
    """Of what kinds of things there are entries."""
    rows = AuditEntry.objects.exclude(kind="").order_by("kind")
    return tuple(rows.values_list("kind", flat=True).distinct())


def _row(entry: AuditEntry) -> AuditRow:
    before: Mapping[str, Any] = entry.before
    after: Mapping[str, Any] = entry.after
    names = {**before, **after}
    return AuditRow(
        id=entry.pk,
        at=entry.at,
        who=entry.who,
        door=entry.door,
        act=entry.act,
        kind=entry.kind,
        name=entry.name,
        changed=tuple(
            ChangedField(name, _text(before.get(name)), _text(after.get(name))) for name in names
        ),
    )


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
