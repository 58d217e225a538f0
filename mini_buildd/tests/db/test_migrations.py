"""The tables of an instance are those of the models."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from mini_buildd.db.connect import migrate

pytestmark = pytest.mark.django_db


def test_every_change_of_the_models_has_its_migration() -> None:
    try:
        call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    except SystemExit as missing:
        pytest.fail(f"a migration is missing: {missing}")


def test_uploaders_of_before_keep_their_keys_and_their_rights(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "mini_buildd.tests.db.old_instance", str(tmp_path / "db")]
    keys, rights, broken = json.loads(subprocess.check_output(program, timeout=60))
    assert keys == [
        ["pat", "pat <pat@example.invalid>", 1, 1],
        ["gil", "gil <gil@example.invalid>", 0, 1],
    ]
    assert rights == [["gil", "one", 2], ["gil", "two", 2], ["pat", "one", 2]]
    assert broken == []


def test_the_tables_are_made_anew_only_where_a_migration_is_to_come(db: None) -> None:
    del db
    with CaptureQueriesContext(connection) as queries:
        migrate()
    assert len(queries) == 2  # which tables there are, and what has been applied
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    with pytest.raises(DatabaseError):  # they are there
        migrate()
