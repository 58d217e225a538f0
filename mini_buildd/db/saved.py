"""A copy of the database, and what it says, beside the one that is in use."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file of the pool that the copy names."""

    repository: str
    path: str
    size_bytes: int
    sha256: str


def save_database(target: Path) -> None:
    """Copy the database to *target* as it is at one moment; who writes meanwhile is not held up.

    What this very thread has not committed yet is not in it: SQLite waits without an end for a
    transaction of the connection that it copies by, so it has one of its own.
    """
    target.touch(mode=0o600)
    source = Path(connection.settings_dict["NAME"])
    with closing(sqlite3.connect(target)) as copy, closing(_open(source)) as opened:
        opened.backup(copy)
        # One file alone, without those that SQLite keeps beside it.
        copy.execute("PRAGMA journal_mode=DELETE")


def faults(database: Path) -> list[str]:
    """What is wrong with the copy; nothing when it is whole."""
    with closing(_open(database)) as copy:
        told = [str(row[0]) for row in copy.execute("PRAGMA integrity_check")]
        wrong = copy.execute("PRAGMA foreign_key_check").fetchall()
    return [line for line in told if line != "ok"] + [f"a row of {row[0]}" for row in wrong]


def saved_files(database: Path) -> Iterator[SavedFile]:
    """Every file that is in a pool."""
    question = (
        "SELECT repository.name, file.path, file.size_bytes, file.sha256"
        " FROM mini_buildd_poolfile AS file"
        " JOIN mini_buildd_repository AS repository ON repository.id = file.repository_id"
        " WHERE file.removed_at IS NULL ORDER BY file.id"
    )
    with closing(_open(database)) as copy:
        rows = copy.execute(question)
        while found := rows.fetchmany(_AT_ONCE):
            for row in found:
                yield SavedFile(*row)


def ended_builds(database: Path) -> frozenset[str]:
    """The folders of attempts that have ended, and have their logs there."""
    with closing(_open(database)) as copy:
        rows = copy.execute("SELECT token FROM mini_buildd_attempt WHERE outcome != ''")
        return frozenset(row[0] for row in rows)


def _open(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
