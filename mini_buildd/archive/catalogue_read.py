"""Questions to the catalogue; the answers are numbers of the database's rows, and names.

Every question names the repositories that are not to be told of, by their numbers, and the most
that is wanted. What is found may have left the suites a moment ago.
"""

import json
import logging
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mini_buildd.archive.catalogue import Need, Size, is_damage

_log = logging.getLogger(__name__)

_WORD = re.compile(r"\w+")
_MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """The catalogue *rows*, what is *hidden* of it, and the *most* that is wanted."""

    rows: sqlite3.Connection
    hidden: frozenset[int] = frozenset()
    most: int = 50

    def all(self, sql: str, **values: object) -> list[Any]:
        """The answer; :hidden is a list of repositories, :most the bound.

        Lists are given as JSON, for json_each(). A catalogue that is damaged has no answers: the
        pages do without them until it is made anew.
        """
        given = {
            name: json.dumps(sorted(value)) if isinstance(value, set | frozenset) else value
            for name, value in {**values, "hidden": self.hidden, "most": self.most}.items()
        }
        try:
            return self.rows.execute(sql, given).fetchall()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            _log.warning("the catalogue is damaged: %s", error)
            return []


# Along an index, which has all that is asked for.
_SOURCE_NAMES = """
SELECT DISTINCT name FROM source
WHERE instr(name, :text) AND repository NOT IN (SELECT value FROM json_each(:hidden))
ORDER BY name <> :text, instr(name, :text) <> 1, length(name), name LIMIT :most
"""
_BINARY_NAMES = """
SELECT DISTINCT package FROM binary
WHERE instr(package, :text) AND repository NOT IN (SELECT value FROM json_each(:hidden))
ORDER BY package <> :text, instr(package, :text) <> 1, length(package), package LIMIT :most
"""


def source_names(asked: Asked, text: str) -> list[str]:
    """Names of source packages that have *text* in them: it itself, those that begin so, others."""
    return [name for (name,) in asked.all(_SOURCE_NAMES, text=text)]


def binary_names(asked: Asked, text: str) -> list[str]:
    """The same of binary packages."""
    return [name for (name,) in asked.all(_BINARY_NAMES, text=text)]


_VERSIONS = """
SELECT DISTINCT name, version FROM source
WHERE version >= :low AND version < :high
AND repository NOT IN (SELECT value FROM json_each(:hidden))
ORDER BY version <> :low, name, version LIMIT :most
"""


def versions(asked: Asked, text: str) -> list[tuple[str, str]]:
    """Source packages by name and version, of versions that begin with *text*."""
    return [(name, version) for name, version in asked.all(_VERSIONS, low=text, high=text + "\x7f")]


_SOURCES_OF_BINARY = """
SELECT DISTINCT name FROM source WHERE id IN (SELECT source FROM binary WHERE package = :package)
AND repository NOT IN (SELECT value FROM json_each(:hidden)) ORDER BY name LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class Described:
    """A binary package whose description fits; *id* is one of those that have it."""

    id: int
    package: str
    summary: str


_DESCRIBED = """
SELECT (
    SELECT id FROM binary WHERE about = words.rowid
    AND repository NOT IN (SELECT value FROM json_each(:hidden)) LIMIT 1
) AS known, package, summary
FROM words WHERE words MATCH :query AND known IS NOT NULL
ORDER BY bm25(words, 4.0, 2.0, 1.0) LIMIT :most
"""


def described(asked: Asked, text: str) -> list[Described]:
    """Binary packages whose descriptions have all words of *text*; the last one may go on."""
    found = _WORD.findall(text)[:_MOST_WORDS]
    if not found:
        return []
    query = " ".join(f'"{word}"' for word in found) + " *"
    return [Described(*row) for row in asked.all(_DESCRIBED, query=query)]


_SUMMARIES = """
SELECT source.id, about.summary FROM source
JOIN binary ON binary.source = source.id JOIN about ON about.id = binary.about
WHERE source.id IN (SELECT value FROM json_each(:ids))
ORDER BY package <> name, package LIKE '%-dbgsym', package
"""


def summaries(asked: Asked, sources: Iterable[int]) -> Mapping[int, str]:
    """What each of these source packages is, in the words of one of its binary packages.

    Of the one that is called like it, if there is one.
    """
    found: dict[int, str] = {}
    for pk, summary in asked.all(_SUMMARIES, ids=set(sources)):
        found.setdefault(pk, summary)
    return found


# --- files --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filed:
    """A file and the number of a binary package that has it."""

    path: str
    binary: int


# A name like "copyright" is in every package; so many are looked at for those in the right folder.
_FILES = """
SELECT folder.path, file.name, file.binary FROM file
JOIN binary ON binary.id = file.binary JOIN folder ON folder.id = file.folder
WHERE file.name >= :low AND file.name <= :high
AND repository NOT IN (SELECT value FROM json_each(:hidden)) LIMIT 5000
"""


def files(asked: Asked, text: str) -> list[Filed]:
    """Files called *text*, at that place, or whose names begin so.

    With a slash in it, it is the end of a path: bin/hello is usr/bin/hello as well.
    """
    raw = text.encode(errors="surrogateescape").lstrip(b"/")
    folder, slash, name = raw.rpartition(b"/")
    if not name:
        return []
    found: dict[tuple[bytes, int], None] = {}
    for high in (name, name + b"\xff"):
        for path, binary in _files_between(asked, name, high):
            if not slash or _is_in(path, folder):
                found[path, binary] = None
            if len(found) >= asked.most:
                break
    return [Filed(path.decode("utf-8", "replace"), binary) for path, binary in found][: asked.most]


def _files_between(asked: Asked, low: bytes, high: bytes) -> Iterator[tuple[bytes, int]]:
    for folder, name, binary in asked.all(_FILES, low=low, high=high):
        yield (folder + b"/" + name if folder else name), binary


def _is_in(path: bytes, folder: bytes) -> bool:
    found = path.rpartition(b"/")[0]
    return found == folder or found.endswith(b"/" + folder)


# --- relations ----------------------------------------------------------------------

_NEEDING = """
SELECT DISTINCT need.id FROM need JOIN binary ON binary.id = need.id
WHERE need.name IN (SELECT value FROM json_each(:names)) AND kind = :kind
AND repository NOT IN (SELECT value FROM json_each(:hidden))
ORDER BY need.id DESC LIMIT :most
"""
_BUILT_WITH = """
SELECT DISTINCT need.id FROM need JOIN source ON source.id = need.id
WHERE need.name IN (SELECT value FROM json_each(:names)) AND kind = :kind
AND repository NOT IN (SELECT value FROM json_each(:hidden))
ORDER BY need.id DESC LIMIT :most
"""


def needing(asked: Asked, names: Iterable[str], kind: Need) -> tuple[int, ...]:
    """The numbers of the packages that need any of *names* in that way, the newest first."""
    sql = _BUILT_WITH if kind is Need.BUILD else _NEEDING
    return tuple(pk for (pk,) in asked.all(sql, names=set(names), kind=int(kind)))


_PROVIDED = """
SELECT DISTINCT name FROM need
WHERE id IN (SELECT value FROM json_each(:ids)) AND kind = :provides
"""


def provided_by(asked: Asked, binaries: Iterable[int]) -> frozenset[str]:
    """The names that these binary packages provide."""
    found = asked.all(_PROVIDED, ids=set(binaries), provides=int(Need.PROVIDES))
    return frozenset(name for (name,) in found)


_KNOWN = """
SELECT DISTINCT package FROM binary
WHERE package IN (SELECT value FROM json_each(:names))
AND repository NOT IN (SELECT value FROM json_each(:hidden))
"""


def known_packages(asked: Asked, names: Iterable[str]) -> frozenset[str]:
    """Those of *names* that are binary packages here."""
    return frozenset(name for (name,) in asked.all(_KNOWN, names=set(names)))


# --- people, growth -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Maintainer:
    """A maintainer, and how many source packages here name them."""

    name: str
    sources: int


_PEOPLE = """
SELECT person.name, COUNT(DISTINCT source.name) FROM person
JOIN source ON source.id = person.source
WHERE instr(lower(person.name), lower(:text))
AND repository NOT IN (SELECT value FROM json_each(:hidden))
GROUP BY person.name ORDER BY 2 DESC, 1 LIMIT :most
"""
_MAINTAINED = """
SELECT DISTINCT source.name FROM person JOIN source ON source.id = person.source
WHERE person.name = :person AND repository NOT IN (SELECT value FROM json_each(:hidden))
ORDER BY source.name LIMIT :most
"""


def people(asked: Asked, text: str) -> list[Maintainer]:
    """Maintainers that have *text* in their name or address, whatever its case."""
    return [Maintainer(*row) for row in asked.all(_PEOPLE, text=text)]


def maintained_by(asked: Asked, person: str) -> list[str]:
    """The names of the source packages that name *person*."""
    return [name for (name,) in asked.all(_MAINTAINED, person=person)]


def growth(asked: Asked, suite: int, most: int) -> list[Size]:
    """How much versions of *suite* had, the oldest first: every so many, at *most* about these.

    The last one is always among them.
    """
    rows = asked.all(
        "SELECT number, at, sources, binaries, bytes FROM growth, (SELECT min(number) AS first,"
        " max(number) AS last FROM growth WHERE suite = :suite) WHERE suite = :suite AND"
        " (number = last OR (number - first) % ((last - first + :wanted) / :wanted) = 0)"
        " ORDER BY number",
        suite=suite,
        wanted=most,
    )
    return [Size(*row) for row in rows]
