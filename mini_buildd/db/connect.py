"""Configuring Django for one instance, and using its database from threads that are not Django's.

SQLite in WAL mode: readers never wait for the writer. Transactions begin IMMEDIATE, so two writers
queue up at their beginning instead of failing at their end.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import close_old_connections, connection, transaction

APPS = (
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "mini_buildd.db.apps.DbConfig",
)


def sqlite(path: Path | str) -> dict[str, Any]:
    """The DATABASES entry for a SQLite file. FULL: a commit that was answered survives a crash."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
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
    call_command("migrate", verbosity=0, interactive=False)


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
    """Around each use of the database in a pool thread: no stale connection before or after."""
    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()


def close() -> None:
    """Close this thread's connection."""
    connection.close()
