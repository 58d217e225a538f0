"""The file lists of .changes and .dsc: sizes and checksums that must agree (deb-changes(5))."""

import re
from dataclasses import dataclass

from mini_buildd.deb.deb822 import MalformedControl, Paragraph
from mini_buildd.deb.names import PlainFilename, Sha256

_SIZE = re.compile(r"[0-9]{1,15}")
_DEMANDED = "Checksums-Sha256"
_BLANKS = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One file as a signed text names it; section and priority stand in .changes only."""

    name: PlainFilename
    size_bytes: int
    sha256: Sha256
    section: str = ""
    priority: str = ""


def parse_files(paragraph: Paragraph) -> tuple[ListedFile, ...]:
    """Join Checksums-Sha256 with Files; raises MalformedControl, MalformedName.

    SHA-256 is demanded. All lists that are there must name the same files with the same sizes, so
    that no reader of another list can be led elsewhere.
    """
    sums = _sums(paragraph, _DEMANDED)
    if not sums:
        raise MalformedControl(f"field {_DEMANDED} is missing")
    details = _details(paragraph)
    lists = {"Files": {name: size for name, (size, _, _) in details.items()}}
    for field in sorted(paragraph.fields):
        if field.startswith("checksums-") and field != _DEMANDED.lower():
            written = paragraph.written[field]
            lists[written] = {name: size for name, (size, _) in _sums(paragraph, written).items()}
    sizes = {name: size for name, (size, _) in sums.items()}
    for field, others in lists.items():
        if others != sizes:
            raise MalformedControl(f"{field} and {_DEMANDED} do not name the same files and sizes")
    return tuple(
        ListedFile(name, size, Sha256(digest), details[name][1], details[name][2])
        for name, (size, digest) in sums.items()
    )


def _sums(paragraph: Paragraph, field: str) -> dict[PlainFilename, tuple[int, str]]:
    """Name to size and digest, from one of the lists of checksums."""
    sums: dict[PlainFilename, tuple[int, str]] = {}
    for line in paragraph.lines(field):
        digest, size, name = _columns(line, 3, field)
        if PlainFilename(name) in sums:
            raise MalformedControl(f"{field} names {name} twice")
        sums[PlainFilename(name)] = (_size(size), digest)
    return sums


def _details(paragraph: Paragraph) -> dict[PlainFilename, tuple[int, str, str]]:
    """Name to size, section, priority, from Files; a .dsc has neither of the last two."""
    details: dict[PlainFilename, tuple[int, str, str]] = {}
    for line in paragraph.lines("Files"):
        parts = _split(line)
        if len(parts) == 3:  # noqa: PLR2004  # md5 size name, as in a .dsc
            parts[2:2] = ["", ""]
        if len(parts) != 5:  # noqa: PLR2004  # md5 size section priority name
            raise MalformedControl(f"a line of Files does not have its columns: {line[:80]!r}")
        name = PlainFilename(parts[4])
        if name in details:
            raise MalformedControl(f"Files names {name} twice")
        details[name] = (_size(parts[1]), parts[2], parts[3])
    return details


def _columns(line: str, count: int, field: str) -> list[str]:
    parts = _split(line)
    if len(parts) != count:
        raise MalformedControl(f"a line of {field} does not have {count} columns: {line[:80]!r}")
    return parts


def _split(line: str) -> list[str]:
    """The columns of *line*: only what dpkg takes for a blank parts them."""
    return _BLANKS.split(line)


def _size(text: str) -> int:
    if not _SIZE.fullmatch(text):
        raise MalformedControl(f"{text[:40]!r} is not a size in bytes")
    return int(text)
