"""Whether anything in the database has changed, in one question that reads no table.

SQLite numbers what other connections committed (PRAGMA data_version) and what this one wrote; both
numbers count for one connection alone, so what is kept by them is kept for one thread.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class State:
    """A state of the database as this thread's connection sees it; equal while nothing changes."""

    connection: Any  # held, so that no other one can be taken for it
    by_others: int
    by_itself: int


def state() -> State | None:
    """The present one; None where nobody can tell: within a transaction, or on PostgreSQL."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return None
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        version = cursor.fetchone()[0]
    raw: Any = connection.connection
    return State(raw, version, raw.total_changes)
