"""A log cut into its phases, with a key for each line that is the same in every such build.

What differs between any two builds (times, hashes, temporary names, the package's own version) is
not in the keys, so two logs can be compared by them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from mini_buildd.tools.log_plain import plain
from mini_buildd.tools.sbuild_log import TITLE, Line

MOST_BYTES = 16 << 20
MOST_LINES = 20_000

_ALWAYS_DIFFERENT: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"\b[0-9a-f]{32,128}\b", "<hash>"),
        (r"<hash> \d+ ", "<hash> <size> "),
        (r"\b0x[0-9a-fA-F]{4,}\b", "<address>"),
        (
            r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z\b| ?[+-]\d{4}\b)?",
            "<time>",
        ),
        (r"\b(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4}(?: \d\d:\d\d:\d\d)?", "<time>"),
        (r"(?<![\w:.])\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?\b", "<time>"),
        (r"\b\d+(?:\.\d+)? ?(?:[mun]?s|secs?|seconds?|min|minutes?)\b", "<duration>"),
        (r"\b\d+(?:[.,]\d+)? ?(?:[kKMG]i?B|bytes|B)(?:/s)?\b", "<size>"),
        (r"/tmp/[\w.+-]+", "/tmp/<name>"),  # noqa: S108  # as it stands in logs
        (r"\b(?:resolver|apt\.conf|apt\.data)[-.][A-Za-z0-9_]{6,}\b", "<name>"),
        (r"\b[Pp][Ii][Dd][ =:]*\d+", "<pid>"),
        (r"(^|: )line (\d+): +\d+ ", r"\1line \2: <pid> "),
        (r"^(?:[A-Za-z0-9+/]{24,}={0,2}|=[A-Za-z0-9+/]{4})$", "<signature>"),
        (r"^\[ *\d+(?:/\d+|%)\] ", "[<progress>] "),
        (r"^([-dlcbps][-rwxsStT]{9} \S+) +\d+ ", r"\1 <size> "),
        (r"\s+", " "),
    )
)
_OWN_VERSION = re.compile(r"Version: (\S+)")
_LONGEST = 2000
_PACKAGES = "Package versions: "
_SET_UP = re.compile(r"Setting up ([a-z0-9][a-z0-9+.-]+)(?::\w+)? \((\S+)\)")

# A name made up for this build alone, and the first line of sbuild.
_RANDOM = ("I: NOTICE: Log filtering will replace ", "sbuild (Debian sbuild) ")

# What apt says of each package; the versions are compared by themselves.
_APT = re.compile(
    r"(?:Get|Ign|Hit|Err):\d|Fetched |Need to get |After this operation|Selecting |Preparing to "
    r"|Unpacking |Setting up |\(Reading database|Processing triggers|Reading |  \S|\d+ upgraded"
)


@dataclass(slots=True)
class Section:
    """The lines of one phase; *is_cut* when it had more of them than are kept."""

    lines: list[Line] = field(default_factory=list)
    is_cut: bool = False

    def add(self, line: Line) -> None:
        """The last lines make room in the middle."""
        self.lines.append(line)
        if len(self.lines) >= 2 * MOST_LINES:
            self.cut()

    def cut(self) -> None:
        """Keep the first and the last lines."""
        if len(self.lines) > MOST_LINES:
            half = MOST_LINES // 2
            self.lines = self.lines[:half] + self.lines[-half:]
            self.is_cut = True


@dataclass(frozen=True, slots=True)
class Sections:
    """The phases of a log in their order, the packages it was built with, and its version.

    *is_large* when only its beginning and its end were read.
    """

    phases: Mapping[str, Section]
    packages: Mapping[str, str]
    version: str
    is_large: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether not all of the log is here."""
        return self.is_large or any(section.is_cut for section in self.phases.values())


def read_sections(stream: BinaryIO) -> Sections:
    """The phases of the log *stream*; of one larger than 16 MiB the beginning and the end."""
    phases: dict[str, Section] = {}
    packages: dict[str, str] = {}
    version, title, is_large = "", "", stream.seek(0, 2) > MOST_BYTES
    for line in _lines(stream):
        text = line.text
        if line.number < 0:  # a heading
            title = text
        elif title:
            phases.setdefault(title, Section()).add(line)
        elif match := _OWN_VERSION.fullmatch(text):
            version = version or match[1]
        if text.startswith(_PACKAGES):
            packages = dict(_pairs(text))
        elif match := _SET_UP.match(text):
            packages.setdefault(match[1], match[2])
    for section in phases.values():
        section.cut()
    return Sections(phases, packages, version, is_large)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for word in text.removeprefix(_PACKAGES).split():
        name, separator, version = word.partition("_")
        if separator:
            yield name, version


def _lines(stream: BinaryIO) -> Iterator[Line]:
    """Each line; a heading is one line with its title and the number -1.

    The title of sbuild's own log is an empty heading: what follows is of no phase.
    """
    border = ""
    for number, text in _numbered(stream):
        match = TITLE.fullmatch(text) if border else None
        if match is not None:
            yield Line(-1, match[1] if border.startswith("+-") else "")
        elif not text.startswith(("+-----", "+=====")):
            yield Line(number, text)
        border = text if text.startswith(("+-----", "+=====")) else ""


def _numbered(stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """The plain lines with their numbers, which are 0 behind a gap."""
    size = stream.seek(0, 2)
    half = MOST_BYTES // 2
    parts = [(0, size)] if size <= MOST_BYTES else [(0, half), (size - half, half)]
    for begin, count in parts:
        stream.seek(begin)
        texts = stream.read(count).decode(errors="replace").split("\n")
        for number, text in enumerate(texts, 1):
            yield 0 if begin else number, plain(text)


def key_of(version: str) -> Callable[[str], str]:
    """What makes the key of a line in a log of a package of *version*."""
    own = re.compile("|".join(map(re.escape, _versions(version))) or r"(?!)")

    def key(text: str) -> str:
        text = own.sub("<version>", text[:_LONGEST])
        for pattern, instead in _ALWAYS_DIFFERENT:
            text = pattern.sub(instead, text)
        return text.strip()

    return key


def _versions(version: str) -> Iterable[str]:
    """The forms in which a package's own version stands in its log, the longest first."""
    bare = version.partition(":")[2] or version
    upstream = bare.rpartition("-")[0] or bare
    return [form for form in dict.fromkeys((version, bare, upstream)) if "." in form]


def counts(text: str, title: str) -> bool:
    """Whether the line *text* of the phase *title* says what the build did.

    What apt says of single packages does not, outside of the package's own words.
    """
    if not text.strip() or text.startswith(_RANDOM):
        return False
    return title == "Build" or _APT.match(text) is None
