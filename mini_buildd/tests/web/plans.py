"""What a page costs the database: its questions, and how SQLite goes about each of them."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from django.db import connection
from django.test.utils import CaptureQueriesContext

from mini_buildd.tests.web.crawl import Answer

# The tables that grow with every upload.
_GROWING = (
    "event upload source poolfile sourcefile job attempt binary listing suiteentry publication"
)
BIG = frozenset(f"mini_buildd_{name}" for name in _GROWING.split())
_ALIAS = re.compile(r'"(\w+)" (\w+)\b')
_SCAN = re.compile(r"^SCAN (\w+)(?: USING.*)?$")
_NUMBERS = re.compile(r"\b\d+\b|'[^']*'")


@dataclass
class Costs:
    """Asks by *get* and keeps what that cost."""

    get: Callable[[str], Answer]
    counted: dict[str, int] = field(default_factory=dict)
    asked: dict[str, tuple[str, str]] = field(default_factory=dict)  # by shape: text, and where

    def __call__(self, path: str) -> Answer:
        """The answer for *path*."""
        with CaptureQueriesContext(connection) as queries:
            answer = self.get(path)
        words = [str(query["sql"]) for query in queries.captured_queries]
        questions = [text for text in words if text.startswith(("SELECT", "WITH"))]
        self.counted[path] = len(words)
        for text in questions:
            self.asked.setdefault(_NUMBERS.sub("?", text), (text, path))
        return answer

    def scans(self) -> Iterator[str]:
        """The questions that read all of a big table: where, which table, and the question."""
        for text, path in self.asked.values():
            for table in read_whole(text):
                yield f"{path} reads all of {table}: {text[:1500]}"


def read_whole(text: str) -> set[str]:
    """The big tables of which *text* reads every row.

    To walk along an index until enough is found is no such reading: it has a limit, and nothing is
    sorted afterwards.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {text}")
        plan = [str(row[3]) for row in cursor.fetchall()]
    return set(_scanned(text, plan))


def _scanned(text: str, plan: Iterable[str]) -> Iterator[str]:
    aliases = {alias: table for table, alias in _ALIAS.findall(text)}
    lines = list(plan)
    is_walk = " LIMIT " in text and not any("TEMP B-TREE FOR ORDER" in line for line in lines)
    for line in lines:
        match = _SCAN.match(line)
        table = aliases.get(match[1], match[1]) if match else ""
        if table in BIG and not is_walk:
            yield table


def pretend_large(times: int = 200) -> None:
    """Let SQLite believe that every table has so many *times* as many rows.

    Of few rows it rightly reads all; how it goes about many is what shall be seen. It must have
    looked at the rows before (ANALYZE).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT rowid, stat FROM sqlite_stat1")
        for row, stat in cursor.fetchall():
            count, _, rest = str(stat).partition(" ")
            scaled = f"{int(count) * times} {rest}".strip()
            cursor.execute("UPDATE sqlite_stat1 SET stat = %s WHERE rowid = %s", [scaled, row])
        cursor.execute("ANALYZE sqlite_master")  # reads them anew
