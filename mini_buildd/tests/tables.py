"""Empty tables for a new instance of the tests, made once: every other one gets a copy.

Making them takes longer than all else that a new instance does at first, and test_migrations sees
to it that they are made right.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import mini_buildd.db.migrations

_MIGRATIONS = Path(mini_buildd.db.migrations.__file__).parent
_NAME = "db.sqlite3"


def lay_tables(home: Path) -> None:
    """Give the instance in *home* its tables, unless it has some; only within a test."""
    if "PYTEST_CURRENT_TEST" in os.environ and not (home / _NAME).exists():
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(_made(), home / _NAME)


@cache
def _made() -> Path:
    """The tables of today's migrations, in the cache of the tests."""
    digest = hashlib.sha256()
    for path in sorted(_MIGRATIONS.glob("*.py")):
        digest.update(path.read_bytes())
    made = Path(os.environ["MINI_BUILDD_CACHE"]) / f"tables-{digest.hexdigest()[:16]}.sqlite3"
    if not made.exists():
        with tempfile.TemporaryDirectory(prefix="mini-buildd-tables-", dir=made.parent) as scratch:
            home = Path(scratch) / "home"
            command = [sys.executable, "-m", "mini_buildd.cli", "--home", str(home), "user", "list"]
            subprocess.run(command, check=True, capture_output=True)
            (home / _NAME).replace(made)
    return made
