"""The audit log: who did what, by which door, and how it was before; written within the act itself.

What the instance does by itself is no administrative act, and stands in the events. There is no way
here to change or remove an entry.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model

from mini_buildd.db.models import AuditEntry
from mini_buildd.domain.permission import SELF, Actor

Values = Mapping[str, Any]

NOT_SHOWN = "(not shown)"
# What an entry must not give away, to whoever may read the log or a backup of it.
_SECRETS = frozenset({"password", "digest", "secret", "old_secret", "token"})
# What changes by itself.
_NOISE = frozenset({"last_login", "used_at", "given_at", "given_by"})
_LONGEST = 2000
_EMPTY: tuple[object, ...] = (None, "", [])


def note(
    actor: Actor,
    act: str,
    *,
    at: datetime,
    kind: str = "",
    name: str = "",
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    """Note that *actor* did *act*: "froze", "gave a right", in the transaction that does it.

    It was done to *name*, a *kind* of thing: "suite", "right". Of *before* and *after* only what
    differs is kept, and no secrets: only that they have changed.
    """
    if actor == SELF:
        return
    if not connection.in_atomic_block:  # pragma: no cover  # a defect
        raise RuntimeError(f"“{act}” is noted outside the transaction that does it")
    old, new = _differences(before or {}, after or {})
    AuditEntry.objects.create(
        at=at,
        who=actor.name[:150],
        door=actor.door,
        act=act[:100],
        kind=kind[:60],
        name=name[:300],
        before=old,
        after=new,
    )


def state_of(row: Model) -> dict[str, Any]:
    """The fields of *row* as an entry keeps them; what it refers to by name."""
    found: dict[str, Any] = {}
    for field in row._meta.concrete_fields:  # noqa: SLF001  # Django's public name
        if field.primary_key or field.name in _NOISE:
            continue
        value = getattr(row, field.name)
        if field.choices:
            value = dict(field.flatchoices).get(value, value)
        found[field.name] = str(value) if isinstance(value, Model) else value
    for many in row._meta.many_to_many:  # noqa: SLF001  # the same
        found[many.name] = sorted(map(str, getattr(row, many.name).all()))
    return found


def _differences(before: Values, after: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both, of what differs; what was not there and is empty now differs in nothing."""
    names = [
        name
        for name in {**before, **after}
        if before.get(name) != after.get(name)
        and (before.get(name) not in _EMPTY or after.get(name) not in _EMPTY)
    ]
    return (
        {name: _shown(name, before[name]) for name in names if name in before},
        {name: _shown(name, after[name]) for name in names if name in after},
    )


def _shown(name: str, value: Any) -> Any:
    if name.rpartition(": ")[2] in _SECRETS:
        return NOT_SHOWN
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_shown("", each) for each in value]
    return str(value)[:_LONGEST]
