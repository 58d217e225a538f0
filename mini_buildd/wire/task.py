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
    tree: str = ""  # the published tree itself, where the builder is on the same machine
    auth: str = ""  # of a private one, for apt_auth.conf(5): good while the attempt is under way


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a build may use; 0 is no limit. *cores* is what it may run on at once."""

    minutes: int = 0
    silent_minutes: int = 0
    log_bytes: int = 0
    memory_bytes: int = 0
    disk_bytes: int = 0
    processes: int = 0
    cores: int = 0


class Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One build to run; *fence* is the attempt's number and must come back with the result.

    *base* is the folder of the chroot's generation (``root`` in it is the tree), empty where only
    *chroot* is there; *work* is where it is written to: tmpfs, disk, or auto. *architecture* is
    what it is built for, *build_architecture* where that is another one: then it is
    cross-compiled. *setup* is shell for root before the build begins. *ccache* is a folder, or
    empty. With *binnmu* the binaries' version ends in +bN.
    """

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
    base: str = ""
    layers: str = ""
    work: str = "auto"
    limits: Limits = Limits()
    build_architecture: str = ""
    profiles: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    setup: str = ""
    ccache: str = ""
    binnmu: int = 0
    binnmu_reason: str = ""
    maintainer: str = ""


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
    CANCELLED = "cancelled"


class ResultFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file handed in; the digest lets the receiver see that it got just this."""

    name: str
    size_bytes: int
    sha256: str


class PhaseTime(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A phase of the build, as its log is headed, and how long it took."""

    title: str
    seconds: float


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The end of a build. *changes* names the .changes among *files*, empty when there is none.

    *unmet* are the relations that dep-wait is for. *notes* tell what the machine could not give
    (a limit that it cannot set, for example). Of *peak_memory_bytes*, *disk_bytes* and
    *cpu_seconds* 0 means that nobody measured. *layer* names the build dependencies' layer.
    """

    attempt: str
    fence: int
    status: BuildStatus
    reason: str
    stage: str
    finished_at: str
    changes: str
    files: tuple[ResultFile, ...]
    unmet: tuple[str, ...] = ()
    phases: tuple[PhaseTime, ...] = ()
    peak_memory_bytes: int = 0
    disk_bytes: int = 0
    cpu_seconds: float = 0.0
    layer: str = ""
    notes: tuple[str, ...] = ()


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
