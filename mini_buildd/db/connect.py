"""Configuring Django for one instance, and using its database from threads that are not Django's.

SQLite in WAL mode: readers never wait for the writer. Transactions begin IMMEDIATE, so two writers
queue up at their beginning instead of failing at their end.
"""

import pkgutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.db import close_old_connections, connection, connections, transaction

APPS = (
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "mini_buildd.db.apps.DbConfig",
)

_KEPT_SECONDS = 60


def sqlite(path: Path | str) -> dict[str, Any]:
    """The DATABASES entry for a SQLite file. FULL: a commit that was answered survives a crash."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        # To open one takes longer than most questions, so those who answer requests keep theirs;
        # not for ever, so that SQLite reads anew what it knows of the rows (analyze).
        "CONN_MAX_AGE": _KEPT_SECONDS,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


def django_settings(database: Path | str) -> dict[str, Any]:
    """What the tables alone need; the web adds its own to it."""
    return {
        "DATABASES": {"default": sqlite(database)},
        "INSTALLED_APPS": list(APPS),
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    }


def connect(values: Mapping[str, Any]) -> None:
    """Configure Django with *values*, once a process."""
    if not settings.configured:
        settings.configure(**values)
        django.setup()


def migrate() -> None:
    """Bring the tables up to this version of the program."""
    if _is_current():
        return
    from django.core.management import (  # noqa: PLC0415  # it takes long, and is seldom wanted
        call_command,
    )

    call_command("migrate", verbosity=0, interactive=False)


def _is_current() -> bool:
    """Whether every migration there is has been applied; their names tell, so none is read."""
    with connection.cursor() as cursor:
        if "django_migrations" not in connection.introspection.table_names(cursor):
            return False
        cursor.execute("SELECT app, name FROM django_migrations")
        applied = set(cursor.fetchall())
    return applied >= {
        (app.label, module.name)
        for app in apps.get_app_configs()
        for module in pkgutil.iter_modules([str(Path(app.path, "migrations"))])
    }


def analyze() -> None:
    """Let SQLite look at a sample of the rows; without, it guesses which index leads to few.

    Takes milliseconds. PostgreSQL does so by itself.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA analysis_limit=400")
            cursor.execute("ANALYZE")


def check_writable() -> None:
    """Raise DatabaseError unless something could be written now; nothing is.

    A transaction begins IMMEDIATE, which takes the right to write.
    """
    with transaction.atomic():
        transaction.set_rollback(True)


@contextmanager
def in_thread() -> Iterator[None]:
    """Around each use of the database in a pool thread: no stale connection before, none after.

    Most of these threads are seldom used, and a connection has a cache of its own.
    """
    close_old_connections()
    try:
        yield
    finally:
        for each in connections.all(initialized_only=True):
            if not each.in_atomic_block:
                each.close()


def close() -> None:
    """Close this thread's connection."""
    connection.close()
