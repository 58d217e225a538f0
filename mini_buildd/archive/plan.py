"""What a version of a suite says of itself: its Release, and which indexes it has.

Format: https://wiki.debian.org/DebianRepository/Format.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from mini_buildd.deb.names import Architecture, Component
from mini_buildd.domain.distribution import DistributionName

INSTALLER = "debian-installer"
DEBUG = "debug"


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a suite with indexes of its own: an archive area, or the udebs or symbols of it.

    Installer packages stand in "main/debian-installer", which is no component; debug symbols may
    stand in the component "main/debug", as in Launchpad's archives.
    """

    component: Component
    part: str = ""

    @classmethod
    def parse(cls, text: str) -> "Area":
        """From ``component`` or ``component/part``; raises MalformedName."""
        component, _, part = text.partition("/")
        return cls(Component(component), part)

    def __str__(self) -> str:
        return f"{self.component}/{self.part}" if self.part else str(self.component)


@dataclass(frozen=True, slots=True)
class BinaryText:
    """A binary package: its paragraph for Packages, and where it belongs.

    *listing* has the paths of its files, one a line and compressed by zlib; it may be empty where
    the suite has no Contents.
    """

    area: Area
    architecture: Architecture
    package: str
    version: str
    paragraph: str
    listing: bytes = b""


@dataclass(frozen=True, slots=True)
class SourceText:
    """A source package: its paragraph for Sources, and where it belongs."""

    component: Component
    source: str
    version: str
    paragraph: str


@dataclass(frozen=True, slots=True)
class SuiteFace:
    """What version *number* of a suite is, without its packages; *date* in UTC.

    *forms* are how its indexes are compressed: of "gz", "xz" and "zst". *restores* is the number of
    an earlier version that had just the same packages, if it is known.
    """

    distribution: DistributionName
    number: int
    date: datetime
    origin: str
    description: str
    areas: tuple[Area, ...]
    architectures: tuple[Architecture, ...]
    not_automatic: bool = True
    but_automatic_upgrades: bool = True
    forms: tuple[str, ...] = ("gz", "xz")
    has_contents: bool = False
    has_translations: bool = False
    separates_debug: bool = False
    snapshots_url: str = ""
    changelogs_url: str = ""
    restores: int | None = None

    @property
    def components(self) -> tuple[str, ...]:
        """What apt's sources can name."""
        return tuple(str(area) for area in self.areas if area.part != INSTALLER)


@dataclass(frozen=True, slots=True)
class Changed:
    """The names of the binary and source packages in which two versions of a suite differ."""

    packages: frozenset[str]
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class Content:
    """Where the packages of any version of a suite are asked for, by the version's number.

    *binaries* and *sources* give them in the order of their names, all or only those named;
    *changed* compares two versions. *dated* tells a version from another one of that number, as
    there is when an earlier state of the records was restored; it is empty for none.
    """

    binaries: Callable[[int, Collection[str] | None], Iterable[BinaryText]]
    sources: Callable[[int, Collection[str] | None], Iterable[SourceText]]
    changed: Callable[[int, int], Changed]
    dated: Callable[[int], str] = str


@dataclass(frozen=True, slots=True)
class IndexName:
    """One index of a suite; *kind* is the last part of its path without the architecture."""

    area: Area
    kind: str
    architecture: Architecture | None = None

    @property
    def path(self) -> str:
        """Its path in the suite, without the ending of a form."""
        match self.kind:
            case "Packages":
                return f"{self.area}/binary-{self.architecture}/Packages"
            case "Contents":
                return f"{self.area}/Contents-{self.architecture}"
            case "Translation-en":
                return f"{self.area}/i18n/Translation-en"
            case _:
                return f"{self.area}/source/Sources"


def index_names(face: SuiteFace) -> Iterator[IndexName]:
    """Each index that the suite has, also those that are empty."""
    for area in dict.fromkeys((*face.areas, *_installer_areas(face))):
        for architecture in face.architectures:
            yield IndexName(area, "Packages", architecture)
            if face.has_contents and area.part != INSTALLER:
                yield IndexName(area, "Contents", architecture)
        if area.part != INSTALLER:  # apt warns of a component that has none
            yield IndexName(area, "Sources")
        if not area.part and face.has_translations:
            yield IndexName(area, "Translation-en")


def _installer_areas(face: SuiteFace) -> list[Area]:
    """Every component has one as soon as any has: aptly asks all for their installer packages."""
    if not any(area.part == INSTALLER for area in face.areas):
        return []
    return [Area(area.component, INSTALLER) for area in face.areas if not area.part]


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """One line of a Release file."""

    path: str
    size_bytes: int
    sha256: str


def release_text(
    face: SuiteFace,
    files: Iterable[ReleaseLine],
    *,
    date: datetime | None = None,
    valid_until: datetime | None = None,
) -> bytes:
    """The Release file over just these files; its *date* is the version's unless given."""
    name = str(face.distribution)
    fields = {
        "Origin": _one_line(face.origin),
        "Label": f"{_one_line(face.origin)} {face.distribution.repository}",
        "Suite": name,
        "Codename": name,
        "Version": str(face.number),
        "Date": _moment(date or face.date),
        "Valid-Until": _moment(valid_until) if valid_until else "",
        "Architectures": " ".join(face.architectures),
        "Components": " ".join(face.components),
        "Description": _one_line(face.description),
        "Acquire-By-Hash": "yes",
        "NotAutomatic": "yes" if face.not_automatic else "",
        "ButAutomaticUpgrades": "yes" if face.but_automatic_upgrades else "",
        "Changelogs": face.changelogs_url,
        "Snapshots": face.snapshots_url,
    }
    lines = [f"{field}: {value}" for field, value in fields.items() if value]
    lines.append("SHA256:")
    lines += [
        f" {file.sha256} {file.size_bytes:>10} {file.path}"
        for file in sorted(files, key=lambda file: file.path)
    ]
    return ("\n".join(lines) + "\n").encode()


def _moment(moment: datetime) -> str:
    return f"{moment:%a, %d %b %Y %H:%M:%S} UTC"


def _one_line(text: str) -> str:
    """*text* of a person, which must not begin another field."""
    return " ".join(text.split())


def sources_text(
    *, url: str, distribution: DistributionName, components: Iterable[str], key: str
) -> bytes:
    """A deb822 snippet for /etc/apt/sources.list.d with the key in it (sources.list(5))."""
    key_lines = [f" {line}" if line else " ." for line in key.strip().splitlines()]
    lines = [
        "Types: deb deb-src",
        f"URIs: {url}",
        f"Suites: {distribution}",
        f"Components: {' '.join(components)}",
        "Signed-By:",
        *key_lines,
    ]
    return ("\n".join(lines) + "\n").encode()
