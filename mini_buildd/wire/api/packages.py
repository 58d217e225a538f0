"""Source packages across all suites, and what a search finds, as the JSON API tells of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mini_buildd.domain.states import SourceState
from mini_buildd.wire.api.builds import Build
from mini_buildd.wire.api.described import DESCRIBED
from mini_buildd.wire.api.uploads import Upload


@dataclass(frozen=True, slots=True)
class PackagePlace:
    """A version of a source package in a suite."""

    __pydantic_config__: ClassVar = DESCRIBED

    distribution: str
    repository: str
    version: str
    since: datetime | None
    """When apt could find it there first."""


@dataclass(frozen=True, slots=True)
class SourcePackage:
    """A source package."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    url: str
    """Of this package in the API."""
    page: str
    """Of this package for people."""
    summary: str
    """What one of its binary packages says that it is."""
    places: tuple[PackagePlace, ...]
    failed: int
    """So many of its builds have failed in the last 90 days."""


@dataclass(frozen=True, slots=True)
class SourcePackagePage:
    """Source packages in the order that was asked for."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[SourcePackage, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class PackageVersion:
    """A version of a source package, as it came into a suite."""

    __pydantic_config__: ClassVar = DESCRIBED

    version: str
    url: str
    distribution: str
    component: str
    state: SourceState
    accepted_at: datetime
    upload_id: int | None
    """Null for what was built elsewhere."""
    uploader: str
    builds: tuple[Build, ...]


@dataclass(frozen=True, slots=True)
class PackageNeeds:
    """The packages that need this one in some way."""

    __pydantic_config__: ClassVar = DESCRIBED

    kind: str
    """`depends`, `recommends`, `suggests`, or `build` for its build."""
    packages: tuple[tuple[str, str], ...]
    """Pairs of a source package and its binary package, which is empty for a build."""
    is_all: bool
    """Whether these are all of them."""


@dataclass(frozen=True, slots=True)
class PackageDetail:
    """All suites that have a source package, and its newest versions."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    page: str
    summary: str
    places: tuple[PackagePlace, ...]
    uploaders: tuple[str, ...]
    """Of the versions that are told here."""
    binaries: tuple[str, ...]
    """The names of its binary packages, without debug symbols."""
    needed_by: tuple[PackageNeeds, ...]
    versions: tuple[PackageVersion, ...]
    """The newest first."""
    next: str | None


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file of the archive."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    url: str
    size_bytes: int
    sha256: str
    is_gone: bool
    """Nothing that is kept had it any more, so it was removed."""


@dataclass(frozen=True, slots=True)
class BinaryPackage:
    """A binary package of a version."""

    __pydantic_config__: ClassVar = DESCRIBED

    package: str
    version: str
    architecture: str
    is_debug: bool
    """It has debug symbols only."""
    file: PackageFile
    paragraph: str
    """As it stands in Packages."""


@dataclass(frozen=True, slots=True)
class PackageVersionDetail:
    """All of a version, as it came into a suite."""

    __pydantic_config__: ClassVar = DESCRIBED

    version: PackageVersion
    repository: str
    paragraph: str
    """As it stands in Sources; empty for what has not come so far."""
    news: str
    """What its upload said is new."""
    files: tuple[PackageFile, ...]
    binaries: tuple[BinaryPackage, ...]


@dataclass(frozen=True, slots=True)
class PackageVersionList:
    """A version, for each suite that it came into by itself; mostly there is one."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    version: str
    items: tuple[PackageVersionDetail, ...]


@dataclass(frozen=True, slots=True)
class PackageText:
    """A text that comes with a package."""

    __pydantic_config__: ClassVar = DESCRIBED

    text: str
    is_cut: bool
    """Whether it goes on beyond what is told here."""


@dataclass(frozen=True, slots=True)
class FoundBinary:
    """A binary package."""

    __pydantic_config__: ClassVar = DESCRIBED

    package: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundDescription:
    """A binary package whose description has the words."""

    __pydantic_config__: ClassVar = DESCRIBED

    package: str
    summary: str
    source: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, and the binary packages that have it."""

    __pydantic_config__: ClassVar = DESCRIBED

    path: str
    packages: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A maintainer, with the number of their source packages."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    sources: int


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What was found, the best of each kind first."""

    __pydantic_config__: ClassVar = DESCRIBED

    query: str
    page: str
    """For people."""
    meant: str
    """The page of what was meant, where there is no doubt; else empty."""
    is_complete: bool
    """False while the instance is still going through its packages."""
    sources: tuple[SourcePackage, ...]
    binaries: tuple[FoundBinary, ...]
    """Those that are not called like their source package."""
    versions: tuple[tuple[str, str], ...]
    """Pairs of a source package and a version."""
    described: tuple[FoundDescription, ...]
    files: tuple[FoundFile, ...]
    maintainers: tuple[FoundPerson, ...]
    uploaders: tuple[str, ...]
    suites: tuple[str, ...]
    repositories: tuple[str, ...]
    builds: tuple[Build, ...]
    uploads: tuple[Upload, ...]


@dataclass(frozen=True, slots=True)
class SuiteSize:
    """How much a version of a suite has."""

    __pydantic_config__: ClassVar = DESCRIBED

    number: int
    at: datetime
    """When it was decided."""
    sources: int
    binaries: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class SuiteGrowth:
    """How much a suite had over time, the oldest version first."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[SuiteSize, ...]
