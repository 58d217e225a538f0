"""What changes in suites, as the JSON API tells of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mini_buildd.domain.suite_version import Kind
from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class Difference:
    """A source package that is not the same in two versions of suites."""

    __pydantic_config__: ClassVar = DESCRIBED

    kind: Kind
    source: str
    before: tuple[str, ...]
    """Its versions there, the latest first."""
    after: tuple[str, ...]
    news: str = ""
    """What its changelog says of it, where that was asked for and is known."""


@dataclass(frozen=True, slots=True)
class Point:
    """A version of a suite."""

    __pydantic_config__: ClassVar = DESCRIBED

    distribution: str
    number: int


@dataclass(frozen=True, slots=True)
class DifferencePage:
    """In what two versions differ, by the names of source packages."""

    __pydantic_config__: ClassVar = DESCRIBED

    old: Point
    new: Point
    names: int
    """Of so many source packages something differs, all pages taken together."""
    items: tuple[Difference, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class BrokenPackage:
    """A binary package that could not be installed any more."""

    __pydantic_config__: ClassVar = DESCRIBED

    package: str
    version: str
    architecture: str
    reason: str


@dataclass(frozen=True, slots=True)
class SuiteChange:
    """The next version of a suite, and what it changes."""

    __pydantic_config__: ClassVar = DESCRIBED

    distribution: str
    number: int
    """Of that version; say it as `expected`, so that nothing else is done than what was shown."""
    url: str
    """Where it can be seen once it is decided, and whether apt finds it."""
    differences: tuple[Difference, ...]
    broken: tuple[BrokenPackage, ...]
    is_checked: bool
    """It was looked what would break; otherwise nothing broken says nothing."""


@dataclass(frozen=True, slots=True)
class SuiteChanges:
    """What was decided; of a dry run, what would be."""

    __pydantic_config__: ClassVar = DESCRIBED

    is_dry_run: bool
    items: tuple[SuiteChange, ...]


@dataclass(frozen=True, slots=True)
class PlannedRebuild:
    """A build that builds binary packages again."""

    __pydantic_config__: ClassVar = DESCRIBED

    source: str
    version: str
    architecture: str
    ending: str
    """Of the versions of its packages: +b1."""
    build_id: int | None
    """Null in a dry run."""
    url: str


@dataclass(frozen=True, slots=True)
class PlannedRebuilds:
    """The builds that were ordered; of a dry run, those that would be."""

    __pydantic_config__: ClassVar = DESCRIBED

    is_dry_run: bool
    items: tuple[PlannedRebuild, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A name for what the suites of a repository had at a moment."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    repository: str
    kind: str
    taken_at: datetime
    taken_by: str
    reason: str
    archive_url: str
    """Where apt finds it."""
    versions: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class SnapshotPage:
    """The snapshots of a repository, the newest first."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Snapshot, ...]
