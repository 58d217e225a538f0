"""Many rows at once: what bulk_create() does, ten times as quickly, for benches with millions."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models
from django.db.models import Model


def insert(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write *rows*, which give *columns*; every other column gets its default."""
    fields = model._meta.concrete_fields  # Django's public name
    given = {field.column for field in fields} & set(columns)
    if given != set(columns):
        raise AssertionError(f"{model.__name__} has no {set(columns) - given}")
    others = [field for field in fields if field.column not in given and not field.primary_key]
    names = [*columns, *(field.column for field in others)]
    defaults = tuple(_default(field) for field in others)
    marks = ", ".join("?" for _ in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    sql = f'INSERT INTO "{model._meta.db_table}" ({quoted}) VALUES ({marks})'  # noqa: S608  # names of our own tables
    connection.ensure_connection()
    connection.connection.executemany(sql, ((*row, *defaults) for row in rows))


def _default(field: "models.Field[Any, Any]") -> Any:
    return field.get_db_prep_save(field.get_default(), connection)


def stamp(seconds: float) -> str:
    """A time, in seconds since 1970, as Django keeps it in SQLite."""
    return str(datetime.fromtimestamp(round(seconds, 6), UTC).replace(tzinfo=None))
