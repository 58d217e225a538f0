"""Contents indexes: which packages have a file (RepositoryFormat, "Contents" indices).

A line is a path, white space, and the packages, each with its section, separated by commas.
"""

import re
import sqlite3
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from mini_buildd.archive.chunks import Item
from mini_buildd.archive.plan import BinaryText

_SECTION = re.compile(r"^Section: (\S+)$", re.MULTILINE)

# More than the largest packages of Debian have; what a package lists is not ours to trust.
_MAX_LISTING_BYTES = 256 << 20


def pack_listing(paths: Iterable[bytes]) -> bytes:
    """*paths* of files, without leading "./", as BinaryText.listing keeps them."""
    return zlib.compress(b"\n".join(sorted(paths)))


def unpack_listing(listing: bytes) -> list[bytes]:
    """The paths that pack_listing has packed; none of nothing."""
    if not listing:
        return []
    listed = zlib.decompressobj().decompress(listing, _MAX_LISTING_BYTES)
    return listed.split(b"\n") if listed else []


def _paths(binary: BinaryText) -> list[bytes]:
    return unpack_listing(binary.listing)


def _location(binary: BinaryText) -> bytes:
    """How a Contents line calls the package."""
    section = _SECTION.search(binary.paragraph)
    return f"{section[1] if section else 'unknown'}/{binary.package}".encode()


def _line(path: bytes, locations: Iterable[bytes]) -> Item:
    return Item(path, path + b"  " + b",".join(sorted(locations)) + b"\n")


def touched_paths(old: Iterable[BinaryText], new: Iterable[BinaryText]) -> set[bytes]:
    """Every path that any of the packages has."""
    return {path for binary in (*old, *new) for path in _paths(binary)}


def changed_lines(
    present: Mapping[bytes, list[Item]], packages: Iterable[str], new: Iterable[BinaryText]
) -> Mapping[bytes, list[Item]]:
    """The *present* lines without all *packages* and with what the *new* ones among them have."""
    gone = {package.encode() for package in packages}
    locations: dict[bytes, set[bytes]] = {}
    for path, items in present.items():
        found = {each for item in items for each in _locations_of(item)}
        locations[path] = {each for each in found if each.rpartition(b"/")[2] not in gone}
    for binary in new:
        location = _location(binary)
        for path in _paths(binary):
            locations[path].add(location)
    return {path: [_line(path, found)] if found else [] for path, found in locations.items()}


def _locations_of(line: Item) -> list[bytes]:
    return line.text[len(line.key) :].strip().split(b",")


class ContentsSorter:
    """Collects the files of any number of packages and gives their lines in order.

    A large suite has millions of paths, so they are kept in a passing file in *folder*.
    """

    def __init__(self, folder: Path) -> None:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".contents-") as file:
            self._rows = sqlite3.connect(file.name, isolation_level=None)
            self._rows.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
            self._rows.execute("CREATE TABLE line (name INTEGER, path BLOB, location BLOB)")
        # The name goes while SQLite has the file open: killed now, nothing is left behind.
        self._rows.execute("BEGIN")
        self._numbers: defaultdict[str, int] = defaultdict(lambda: len(self._numbers))

    def add(self, index: str, binary: BinaryText) -> None:
        """*binary* belongs to the Contents index called *index*."""
        number, location = self._numbers[index], _location(binary)
        self._rows.executemany(
            "INSERT INTO line VALUES (?, ?, ?)",
            ((number, path, location) for path in _paths(binary)),
        )

    def lines(self, index: str) -> Iterator[Item]:
        """The lines of that index."""
        rows = self._rows.execute(
            "SELECT DISTINCT path, location FROM line WHERE name = ? ORDER BY path, location",
            (self._numbers[index],),
        )
        for path, found in groupby(rows, key=lambda row: row[0]):
            yield _line(path, [location for _, location in found])

    def close(self) -> None:
        """Give the file back."""
        self._rows.close()
