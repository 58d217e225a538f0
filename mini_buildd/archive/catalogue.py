"""The catalogue: what the packages of all suites have, in a form that can be asked by any of it.

Which package has this file, which ones need that one, whose description has these words: the
database keeps such things as texts, and going through all of them takes seconds. They stand here in
an SQLite file of their own, which says nothing that the database does not, may be removed at any
time, and is then made anew. Its numbers are those of the database's rows; who may see what is not
known here beyond the repository's number, so whoever asks looks every answer up there.
"""

import contextlib
import hashlib
import json
import logging
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

_log = logging.getLogger(__name__)

_FORMAT = 1  # raised when the tables or what stands in them change

_TABLES = """
CREATE TABLE mark (suite INTEGER PRIMARY KEY, number INTEGER, dated TEXT);
CREATE TABLE growth (
    suite INTEGER, number INTEGER, at TEXT, sources INTEGER, binaries INTEGER, bytes INTEGER,
    PRIMARY KEY (suite, number)
) WITHOUT ROWID;
CREATE TABLE source (id INTEGER PRIMARY KEY, repository INTEGER, name TEXT, version TEXT);
CREATE INDEX source_name ON source (name, repository);
CREATE INDEX source_version ON source (version, repository);
CREATE TABLE binary (
    id INTEGER PRIMARY KEY, repository INTEGER, source INTEGER, package TEXT, about INTEGER
);
CREATE INDEX binary_package ON binary (package, repository);
CREATE INDEX binary_source ON binary (source);
CREATE INDEX binary_about ON binary (about);
CREATE TABLE person (name TEXT, source INTEGER, PRIMARY KEY (name, source)) WITHOUT ROWID;
CREATE INDEX person_source ON person (source);
CREATE TABLE need (
    name TEXT, kind INTEGER, id INTEGER, PRIMARY KEY (name, kind, id)
) WITHOUT ROWID;
CREATE INDEX need_id ON need (id, kind);
CREATE TABLE about (id INTEGER PRIMARY KEY, digest BLOB UNIQUE, summary TEXT);
CREATE VIRTUAL TABLE words USING fts5 (package, summary, description);
CREATE TABLE folder (id INTEGER PRIMARY KEY, path BLOB UNIQUE);
CREATE TABLE file (
    name BLOB, folder INTEGER, binary INTEGER, PRIMARY KEY (name, folder, binary)
) WITHOUT ROWID;
CREATE INDEX file_binary ON file (binary);
"""
_FORGET = (
    "DELETE FROM mark",
    "DELETE FROM growth",
    "DELETE FROM source",
    "DELETE FROM binary",
    "DELETE FROM person",
    "DELETE FROM need",
    "DELETE FROM about",
    "DELETE FROM words",
    "DELETE FROM folder",
    "DELETE FROM file",
)


class Need(IntEnum):
    """How a package needs another; for BUILD it is a source package that does."""

    DEPENDS = 1
    RECOMMENDS = 2
    SUGGESTS = 3
    BUILD = 4
    PROVIDES = 5  # not a need, but looked up in the same way: who else is this one


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A source package: *people* maintain it, and it *needs* these names for a build."""

    id: int
    repository: int
    name: str
    version: str
    people: frozenset[str]
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class BinaryEntry:
    """A binary package: its description, the paths of its files, and what it needs in which way."""

    id: int
    repository: int
    source: int
    package: str
    summary: str
    description: str
    paths: tuple[bytes, ...]
    needs: frozenset[tuple[Need, str]]


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to which version a suite is in the catalogue, and when that was decided (ISO 8601)."""

    number: int
    dated: str


@dataclass(frozen=True, slots=True)
class Size:
    """How much a version of a suite has; *at* is when it was decided (ISO 8601)."""

    number: int
    at: str
    sources: int
    binaries: int
    size_bytes: int


class Catalogue:
    """The catalogue, open for writing; each call is a transaction of its own."""

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows

    # --- how far it is ---------------------------------------------------------------

    def marks(self) -> dict[int, Mark]:
        """Of each suite, by its number."""
        rows = self._rows.execute("SELECT suite, number, dated FROM mark")
        return {suite: Mark(number, dated) for suite, number, dated in rows}

    def set_mark(self, suite: int, mark: Mark, sizes: Iterable[Size]) -> None:
        """Note that *suite* is there up to that version, and the *sizes* of the new ones."""
        with self._rows:
            self._rows.executemany(
                "INSERT OR REPLACE INTO growth VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (suite, each.number, each.at, each.sources, each.binaries, each.size_bytes)
                    for each in sizes
                ),
            )
            self._rows.execute(
                "INSERT OR REPLACE INTO mark VALUES (?, ?, ?)", (suite, mark.number, mark.dated)
            )

    def last_size(self, suite: int) -> Size:
        """Of the newest version of *suite* that is there; nothing at all before the first."""
        row = self._rows.execute(
            "SELECT number, at, sources, binaries, bytes FROM growth WHERE suite = ?"
            " ORDER BY number DESC LIMIT 1",
            (suite,),
        ).fetchone()
        return Size(*row) if row else Size(0, "", 0, 0, 0)

    def begin_anew(self) -> None:
        """Forget all of it."""
        with self._rows:
            for statement in _FORGET:
                self._rows.execute(statement)

    # --- what it has -----------------------------------------------------------------

    def lacks_sources(self, ids: Collection[int]) -> list[int]:
        """Those of *ids* that are no source packages here."""
        sql = "SELECT id FROM source WHERE id IN (SELECT value FROM json_each(?))"
        return self._lacks(sql, ids)

    def lacks_binaries(self, ids: Collection[int]) -> list[int]:
        """Those of *ids* that are no binary packages here."""
        sql = "SELECT id FROM binary WHERE id IN (SELECT value FROM json_each(?))"
        return self._lacks(sql, ids)

    def _lacks(self, sql: str, ids: Collection[int]) -> list[int]:
        there = {pk for (pk,) in self._rows.execute(sql, (json.dumps(list(ids)),))}
        return [pk for pk in ids if pk not in there]

    def add_sources(self, entries: Iterable[SourceEntry]) -> None:
        """Let it have these, which it lacks."""
        with self._rows:
            for each in entries:
                self._rows.execute(
                    "INSERT INTO source VALUES (?, ?, ?, ?)",
                    (each.id, each.repository, each.name, each.version),
                )
                self._rows.executemany(
                    "INSERT INTO person VALUES (?, ?)", ((name, each.id) for name in each.people)
                )
                self._add_needs(each.id, ((Need.BUILD, name) for name in each.needs))

    def add_binaries(self, entries: Iterable[BinaryEntry]) -> None:
        """Let it have these, which it lacks."""
        with self._rows:
            for each in entries:
                about = self._about(each)
                self._rows.execute(
                    "INSERT INTO binary VALUES (?, ?, ?, ?, ?)",
                    (each.id, each.repository, each.source, each.package, about),
                )
                self._add_needs(each.id, each.needs)
                self._add_files(each)

    def _add_needs(self, pk: int, needs: Iterable[tuple[Need, str]]) -> None:
        self._rows.executemany(
            "INSERT INTO need VALUES (?, ?, ?)", ((name, kind, pk) for kind, name in needs)
        )

    def _about(self, entry: BinaryEntry) -> int:
        """The number of its description; the architectures and versions share one."""
        text = f"{entry.package}\0{entry.summary}\0{entry.description}"
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        known = self._rows.execute("SELECT id FROM about WHERE digest = ?", (digest,)).fetchone()
        if known:
            return int(known[0])
        made = self._rows.execute(
            "INSERT INTO about (digest, summary) VALUES (?, ?)", (digest, entry.summary)
        ).lastrowid
        self._rows.execute(
            "INSERT INTO words (rowid, package, summary, description) VALUES (?, ?, ?, ?)",
            (made, entry.package, entry.summary, entry.description),
        )
        return int(made or 0)

    def _add_files(self, entry: BinaryEntry) -> None:
        numbers: dict[bytes, int] = {}
        files = []
        for path in entry.paths:
            folder, _, name = path.rpartition(b"/")
            if folder not in numbers:
                numbers[folder] = self._folder(folder)
            files.append((name, numbers[folder], entry.id))
        self._rows.executemany("INSERT OR IGNORE INTO file VALUES (?, ?, ?)", files)

    def _folder(self, path: bytes) -> int:
        known = self._rows.execute("SELECT id FROM folder WHERE path = ?", (path,)).fetchone()
        if known:
            return int(known[0])
        made = self._rows.execute("INSERT INTO folder (path) VALUES (?)", (path,)).lastrowid
        return int(made or 0)

    def remove_sources(self, ids: Collection[int]) -> None:
        """Let it be without these."""
        given = [(pk,) for pk in ids]
        needs = [(pk, int(Need.BUILD)) for pk in ids]
        with self._rows:
            self._rows.executemany("DELETE FROM need WHERE id = ? AND kind = ?", needs)
            self._rows.executemany("DELETE FROM person WHERE source = ?", given)
            self._rows.executemany("DELETE FROM source WHERE id = ?", given)

    def remove_binaries(self, ids: Collection[int]) -> None:
        """Let it be without these; a folder's name stays for the next one that has it."""
        needs = [(pk, int(Need.BUILD)) for pk in ids]
        with self._rows:
            self._rows.executemany("DELETE FROM need WHERE id = ? AND kind <> ?", needs)
            self._rows.executemany("DELETE FROM file WHERE binary = ?", [(pk,) for pk in ids])
            for pk in ids:
                self._forget_about(pk)

    def _forget_about(self, pk: int) -> None:
        row = self._rows.execute("SELECT about FROM binary WHERE id = ?", (pk,)).fetchone()
        self._rows.execute("DELETE FROM binary WHERE id = ?", (pk,))
        if row is None:
            return
        others = self._rows.execute("SELECT 1 FROM binary WHERE about = ? LIMIT 1", row)
        if others.fetchone() is None:
            self._rows.execute("DELETE FROM about WHERE id = ?", row)
            self._rows.execute("DELETE FROM words WHERE rowid = ?", row)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Catalogue]:
    """The catalogue at *path*; what is of another format, or damaged, is made anew.

    Damage within is found when it is met, raises, and is gone the next time.
    """
    try:
        rows = _open(path)
    except sqlite3.DatabaseError:
        _remove(path)
        rows = _open(path)
    try:
        yield Catalogue(rows)
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            _remove(path)
        raise
    finally:
        rows.close()


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file is to blame, not that the disk is full, or that somebody else writes."""
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says more of the same
    return kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _open(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)
    rows = sqlite3.connect(path, timeout=30)
    try:
        # Whatever a crash takes of it is made anew, so nothing waits for the disk.
        rows.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        known = _format(rows)
        if known == 0:
            rows.executescript(f"BEGIN; {_TABLES} PRAGMA user_version={_FORMAT}; COMMIT;")
        elif known != _FORMAT:
            raise sqlite3.DatabaseError(f"format {known}")  # noqa: TRY301  # as one that is damaged
    except sqlite3.DatabaseError:
        rows.close()
        raise
    return rows


def _format(rows: sqlite3.Connection) -> int:
    return int(rows.execute("PRAGMA user_version").fetchone()[0])


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """The catalogue at *path*, to be asked; None while there is none that can be read."""
    rows = _opened(path)
    try:
        yield rows
    finally:
        if rows is not None:
            rows.close()


def _opened(path: Path) -> sqlite3.Connection | None:
    if not path.exists():
        return None
    try:
        rows = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
    except sqlite3.OperationalError:  # it went just now
        return None
    try:
        if _format(rows) == _FORMAT:
            return rows
    except sqlite3.DatabaseError as error:
        _log.warning("the catalogue cannot be read: %s", error)
    rows.close()
    return None
