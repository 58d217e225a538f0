"""What passes between whoever hands out builds and the builder that runs one.

A builder is given a task, keeps its state, and hands in a result; all three are JSON files in the
task's folder, so that either side may die and come back.
"""

from enum import StrEnum
from typing import TypeVar

import msgspec


class AptSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One more apt source for a build: its one-line form and how its packages are pinned."""

    line: str
    pin: str
    key: str


class Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One build to run; *fence* is the attempt's number and must come back with the result."""

    attempt: str
    fence: int
    source: str
    version: str
    dsc: str
    codename: str
    distribution: str
    architecture: str
    builds_any: bool
    builds_all: bool
    backend: str
    chroot: str
    apt_sources: tuple[AptSource, ...]


class Running(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who runs the task: enough to tell, later and after a restart, whether it still does."""

    pid: int
    start_ticks: int
    boot_id: str
    started_at: str


class BuildStatus(StrEnum):
    """How sbuild's run ended, in the builder's words."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DEP_WAIT = "dep_wait"
    INFRASTRUCTURE = "infrastructure"


class ResultFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file handed in; the digest lets the receiver see that it got just this."""

    name: str
    size_bytes: int
    sha256: str


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The end of a build. *changes* names the .changes among *files*, empty when there is none."""

    attempt: str
    fence: int
    status: BuildStatus
    reason: str
    stage: str
    finished_at: str
    changes: str
    files: tuple[ResultFile, ...]


MessageType = TypeVar("MessageType", bound=msgspec.Struct)


class MalformedMessage(ValueError):
    """Bytes that are not the message they should be."""


def encode(message: msgspec.Struct) -> bytes:
    """JSON, indented for the person who looks into a task's folder."""
    return msgspec.json.format(msgspec.json.encode(message), indent=1) + b"\n"


def decode(data: bytes, kind: type[MessageType]) -> MessageType:
    """The inverse of encode; raises MalformedMessage."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedMessage(f"not a {kind.__name__}: {error}") from None
