"""Whether the indexes of a suite's version say what the database says of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from mini_buildd.archive.entries import Entry, Tally, packages_entries, sources_entries, tally
from mini_buildd.archive.inspect import FORMS, Fault
from mini_buildd.archive.plan import ReleaseLine
from mini_buildd.archive.seen import Seen, Unreadable, open_plain
from mini_buildd.archive.write import release_lines
from mini_buildd.db.models import Publication
from mini_buildd.domain.finding import FindingKind
from mini_buildd.flow.content import entries_at

SOURCE = "source"
_SHOWN = 3


class TextCheck:
    """Compares texts with rows; remembers the texts it has read, which versions share."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._tallies: dict[ReleaseLine, Tally] = {}

    def faults(self, folder: Path, publication: Publication) -> Iterator[Fault]:
        """In what the version in *folder*, which is whole, is not *publication*."""
        wanted = {
            architecture: tally(entries)
            for architecture, entries in _in_rows(publication).items()
            if entries
        }
        for architecture, indexes in _indexes(folder).items():
            found = Tally()
            try:
                for index in indexes:
                    found += self._tally(index, architecture)
                if found != _expected(wanted, architecture):
                    yield _difference(publication, architecture, indexes)
            except (Unreadable, OSError, ValueError, KeyError) as error:
                yield Fault(
                    FindingKind.DIFFERS, str(indexes[0].relative_to(folder)), "an index", str(error)
                )

    def _tally(self, index: Path, architecture: str) -> Tally:
        plain = self._seen.plain(index)
        if plain not in self._tallies:
            self._tallies[plain] = tally(_entries(index, architecture))
        return self._tallies[plain]


def _expected(wanted: Mapping[str, Tally], architecture: str) -> Tally:
    """A package for all architectures stands in the index of each."""
    found = wanted.get(architecture, Tally())
    return found if architecture in (SOURCE, "all") else found + wanted.get("all", Tally())


def _indexes(folder: Path) -> Mapping[str, list[Path]]:
    """The Packages of each architecture and the Sources of all areas, each in one of its forms."""
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    for line in release_lines((folder / "Release").read_bytes()):
        path, form = line.path[: -len(Path(line.path).suffix) or None], Path(line.path).suffix
        parts = path.split("/")
        if form in FORMS and parts[-1] in ("Packages", "Sources"):
            architecture = parts[-2].removeprefix("binary-")
            found[architecture].setdefault(path, folder / line.path)
    return {architecture: list(indexes.values()) for architecture, indexes in found.items()}


def _entries(index: Path, architecture: str) -> Iterator[Entry]:
    with open_plain(index) as stream:
        text = stream.read().decode()
    return sources_entries(text) if architecture == SOURCE else packages_entries(text)


def _in_rows(publication: Publication) -> Mapping[str, list[Entry]]:
    """What the version has by the rows, by architecture."""
    entries = entries_at(publication.distribution, publication.number)
    found: dict[str, list[Entry]] = defaultdict(list)
    file = ("path", "size_bytes", "sha256")
    binaries = entries.exclude(binary=None).values_list(
        "binary__package",
        "binary__version",
        "binary__architecture",
        *(f"binary__file__{name}" for name in file),
    )
    for package, version, architecture, path, size, digest in binaries.iterator():
        found[architecture].append((package, version, architecture, path, size, digest))
    sources = entries.filter(binary=None).exclude(source__paragraph="")
    rows = sources.values_list(
        "source__name", "source__version", *(f"source__files__file__{name}" for name in file)
    )
    for package, version, path, size, digest in rows.iterator():
        found[SOURCE].append((package, version, SOURCE, path, size, digest))
    return found


def _difference(publication: Publication, architecture: str, indexes: Iterable[Path]) -> Fault:
    """The same once more, entry by entry, for the words."""
    rows = _in_rows(publication)
    wanted = Counter(rows.get(architecture, []))
    if architecture not in (SOURCE, "all"):
        wanted.update(rows.get("all", []))
    there = Counter(entry for index in indexes for entry in _entries(index, architecture))
    name = "Sources" if architecture == SOURCE else f"Packages of {architecture}"
    return Fault(
        FindingKind.DIFFERS,
        name,
        _words(wanted - there) or "nothing more",
        _words(there - wanted) or "none of these",
    )


def _words(entries: Counter[Entry]) -> str:
    names = sorted({f"{package} {version}" for package, version, *_ in entries})
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
