"""Which names of packages the lists of apt have, in a small file that answers at once.

It is a SQLite file beside the lists that it was made from, and replaced as they are. Of each
package it has the name, the version and what it provides.
"""

import contextlib
import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.names import MalformedName
from mini_buildd.deb.relations import Offer, parse_provides
from mini_buildd.deb.version import Version

Row = tuple[str, str | None, str]  # name, version (none when it is provided without), package

_FIELDS = ("Package", "Version", "Provides")
_WANTED = re.compile(rf"({'|'.join(_FIELDS)}): ?(.*)")


def cat_command(path: Path) -> list[str]:
    """The command that puts out a list, however apt has compressed it."""
    return ["/usr/lib/apt/apt-helper", "cat-file", str(path)]


def is_plain(path: Path) -> bool:
    """Whether the list at *path* can be read as it is."""
    return path.name.endswith("_Packages")


def lists_below(root: Path) -> list[Path]:
    """The lists of packages in the tree of a chroot."""
    return sorted((root / "var/lib/apt/lists").glob("*_Packages*"))


def read_rows(lines: Iterable[str]) -> Iterator[Row]:
    """The rows for the paragraphs in *lines*."""
    fields: dict[str, str] = {}
    for line in lines:
        if line[:1] in "PV":  # nearly all lines begin with something else
            match = _WANTED.match(line)
            if match is not None:
                fields[match[1]] = match[2].strip()
        elif line in ("\n", ""):
            yield from _rows_of(fields)
            fields = {}
    yield from _rows_of(fields)


def _rows_of(fields: dict[str, str]) -> Iterator[Row]:
    package = fields.get("Package")
    if not package:
        return
    yield package, fields.get("Version"), package
    with contextlib.suppress(MalformedControl, MalformedName):
        for name, version in parse_provides(fields.get("Provides", "")):
            yield name, version, package


def write_names(target: Path, rows: Iterable[Row]) -> None:
    """Make the file *target* anew; nobody may look at it before that is done."""
    target.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(target)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("CREATE TABLE offer (name TEXT, version TEXT, package TEXT)")
        database.executemany("INSERT INTO offer VALUES (?, ?, ?)", rows)
        database.execute("CREATE INDEX by_name ON offer (name)")
        database.commit()


class Names:
    """Such a file, opened; to be used by the thread that opened it."""

    def __init__(self, path: Path) -> None:
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        self._database = sqlite3.connect(uri, uri=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def find(self, name: str) -> list[Offer]:
        """All that has or provides *name*."""
        rows = self._database.execute(
            "SELECT version, package FROM offer WHERE name = ?", (str(name),)
        )
        found = []
        for version, package in rows:
            with contextlib.suppress(MalformedName):
                found.append(Offer(name, Version(version) if version else None, package))
        return found
