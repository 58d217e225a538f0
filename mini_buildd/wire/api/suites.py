"""Repositories, suites and what they have, as the JSON API tells of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mini_buildd.domain.suite_version import Cause
from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class Repository:
    """A family of suites with one pool."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    url: str
    layout: str
    suites: int
    packages: int
    """Source packages in all of its suites."""


@dataclass(frozen=True, slots=True)
class RepositoryPage:
    """All repositories that you may see, by name."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Repository, ...]


@dataclass(frozen=True, slots=True)
class SuiteSummary:
    """A suite of a repository."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    """`<codename>-<repository>-<suite>`, as an upload names it."""
    url: str
    base: str
    suite: str
    purpose: str
    accepts_uploads: bool
    migrates_to: str
    """The suite of the same layout; empty: none."""
    version_ending: str
    """What versions must end in, with N for a number."""
    architectures: tuple[str, ...]
    number: int | None
    """Of the version that apt finds; null before there is one."""
    packages: int


@dataclass(frozen=True, slots=True)
class RepositoryDetail:
    """A repository with its suites."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    archive_url: str
    """Where apt finds it."""
    suites: tuple[SuiteSummary, ...]


@dataclass(frozen=True, slots=True)
class SuiteName:
    """A suite in a line."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    url: str
    repository: str
    codename: str
    """Of its base release."""
    suite: str
    accepts_uploads: bool
    is_frozen: bool


@dataclass(frozen=True, slots=True)
class SuiteNamePage:
    """The suites that you may see, by name."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[SuiteName, ...]


@dataclass(frozen=True, slots=True)
class Freeze:
    """That nothing comes into a suite or goes out."""

    __pydantic_config__: ClassVar = DESCRIBED

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite as it is now."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    repository: str
    base: str
    suite: str
    purpose: str
    accepts_uploads: bool
    version_ending: str
    architectures: tuple[str, ...]
    way: tuple[str, ...]
    """The suites that its packages can migrate to, the nearest first."""
    frozen: Freeze | None
    shown: int | None
    """The version that apt finds."""
    decided: int | None
    """The newest version that there will be."""
    sources: int
    binaries: int
    packages_url: str
    versions_url: str
    is_private: bool = False
    """apt needs a name and a token for it."""


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """A version of a source package in a suite."""

    __pydantic_config__: ClassVar = DESCRIBED

    version: str
    component: str
    upload_id: int | None
    """Null for what was built elsewhere."""
    added_in: int
    """The version of the suite that it came with."""
    since: datetime | None
    binaries: tuple[str, ...]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Package:
    """A source package of a suite."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    held: tuple[HeldVersion, ...]
    """Its versions, the latest first."""
    elsewhere: tuple[tuple[str, str], ...]
    """Pairs of another suite of the same base and the version there."""


@dataclass(frozen=True, slots=True)
class PackagePage:
    """Source packages by name."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Package, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class SuiteVersion:
    """A version of a suite."""

    __pydantic_config__: ClassVar = DESCRIBED

    number: int
    kind: Cause
    """What made it."""
    presence: str
    """Whether apt finds it, or can still be led to it."""
    decided_at: datetime
    published_at: datetime | None
    actor: str
    reason: str
    package: str
    restores: int | None
    """Which earlier version it is like, after a rollback."""
    came: int = 0
    """So many versions of source packages that the one before had not."""
    went: int = 0


@dataclass(frozen=True, slots=True)
class SuiteVersionPage:
    """Versions of a suite, the newest first."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[SuiteVersion, ...]
    next: str | None
