"""What Packages and Sources say of files in the pool: read back from their texts.

One entry is (package, version, architecture, path, size, SHA-256); for a source package there is
one for each of its files, and the architecture is "source".
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Entry = tuple[str, str, str, str, int, str]

_FIELD = re.compile(
    r"^(Package|Version|Architecture|Filename|Size|SHA256|Directory): (.*)$", re.MULTILINE
)
_FILES = re.compile(r"^Checksums-Sha256:\n((?: .*\n?)*)", re.MULTILINE)


def packages_entries(text: str) -> Iterator[Entry]:
    """The entries of a Packages index; raises ValueError, KeyError where it is none."""
    for paragraph in _paragraphs(text):
        fields = dict(_FIELD.findall(paragraph))
        yield (
            fields["Package"],
            fields["Version"],
            fields["Architecture"],
            fields["Filename"],
            int(fields["Size"]),
            fields["SHA256"],
        )


def sources_entries(text: str) -> Iterator[Entry]:
    """The entries of a Sources index; raises ValueError, KeyError where it is none."""
    for paragraph in _paragraphs(text):
        fields = dict(_FIELD.findall(paragraph))
        listed = _FILES.search(paragraph)
        for line in listed[1].splitlines() if listed else ():
            digest, size, name = line.split()
            path = f"{fields['Directory']}/{name}"
            yield fields["Package"], fields["Version"], "source", path, int(size), digest


def _paragraphs(text: str) -> Iterator[str]:
    return (paragraph for paragraph in text.split("\n\n") if paragraph)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many entries there are, and a sum over them that their order does not change."""

    count: int = 0
    total: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.count + other.count, (self.total + other.total) % (1 << 128))


def tally(entries: Iterable[Entry]) -> Tally:
    """The tally of *entries*: two that are equal are of the same entries, as often each."""
    count = total = 0
    for entry in entries:
        text = "\0".join(map(str, entry)).encode()
        total += int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "big")
        count += 1
    return Tally(count, total % (1 << 128))
