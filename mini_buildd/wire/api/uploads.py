"""Uploads, as the JSON API tells of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mini_buildd.domain.states import SourceState, UploadState
from mini_buildd.wire.api.builds import Build
from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class Upload:
    """A .changes that has come, and what became of it."""

    __pydantic_config__: ClassVar = DESCRIBED

    id: int
    url: str
    """Of this upload in the API."""
    page: str
    """Of this upload for people."""
    changes_name: str
    source: str
    version: str
    distribution: str
    uploader: str
    received_at: datetime
    state: UploadState
    source_state: SourceState | None
    """What becomes of the source package; null unless the upload was accepted."""
    is_open: bool
    """Something is still to come of it."""
    problem_title: str
    """Why it was rejected, in a few words."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an upload was rejected."""

    __pydantic_config__: ClassVar = DESCRIBED

    code: str
    title: str
    expected: str
    found: str
    hint: str
    """The next step."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the source package."""

    __pydantic_config__: ClassVar = DESCRIBED

    name: str
    url: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class UploadDetail:
    """All of one upload."""

    __pydantic_config__: ClassVar = DESCRIBED

    upload: Upload
    fingerprint: str
    """Of the key that signed it; empty when it is not known here."""
    repository: str
    component: str
    accepted_at: datetime | None
    published_at: datetime | None
    news: str
    """What its .changes says is new."""
    problem: Cause | None
    """Null unless it was rejected."""
    more_problems: tuple[Cause, ...]
    """What else is wrong with it."""
    urgency: str
    closes: tuple[int, ...]
    """Numbers of bugs."""
    waits_for: tuple[str, ...]
    """Files that it leaves out, which are looked for in the base release's archive."""
    builds: tuple[Build, ...]
    files: tuple[SourceFile, ...]
    may_cancel: bool
    """Whether you may, and there is something to cancel."""
    may_retry: bool


@dataclass(frozen=True, slots=True)
class UploadPage:
    """Uploads, the newest first."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Upload, ...]
    next: str | None
    """Where it goes on; null at the end."""
