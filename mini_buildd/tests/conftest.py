"""Fixtures that several rooms share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A scratch folder with a short path: gpg-agent's sockets have room for 100 characters."""
    folder = Path(tempfile.mkdtemp(prefix="mbd-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The tables, without what guards the audit log: after some tests all of them are emptied."""
    del django_db_setup
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER IF EXISTS audit_no_DELETE")
