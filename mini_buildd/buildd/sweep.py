"""Sweep: nothing of an attempt that has ended stays behind, however it ended.

Its supervisor and its cell end what they have started; this is for when they were killed, or the
machine was. A process belongs to an attempt when it shows the attempt's folder, whose name is
random: in its environment, among the mounts of where it lives, as a file that it writes to; or when
its parent belongs to it. Who only reads a log, or looks around, does not.
"""

import contextlib
import logging
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.kit.process import ProcessIdentity, identify, open_pidfd
from mini_buildd.tools.namespace import MIN_IDS, enter_command, find_own_subids

_log = logging.getLogger(__name__)

_PROC = Path("/proc")
_KILL_SECONDS = 3.0
_SUPERVISOR = b"mini_buildd.buildd.supervisor"
_WHERE_IT_IS = (b"PWD=", b"OLDPWD=")  # which a shell tells whatever it starts


@dataclass(frozen=True, slots=True)
class _Seen:
    """A process of ours as /proc shows it."""

    pid: int
    parent: int
    command: bytes

    @property
    def entry(self) -> Path:
        """Its folder of /proc."""
        return _PROC / str(self.pid)


def find_stragglers(folder: Path, session: str = "") -> list[ProcessIdentity]:
    """The processes of our own ids, or subordinate ones, that belong to the attempt in *folder*.

    Those too that live in schroot's *session*, if it has one. Never who asks, nor what that one is
    part of.
    """
    identities = (identify(seen.pid) for seen in _members(folder, session))
    return [identity for identity in identities if identity is not None]


def end_stragglers(folder: Path, session: str = "") -> bool:
    """Kill them all, and those that they start meanwhile; whether none is left."""
    deadline = time.monotonic() + _KILL_SECONDS
    while stragglers := find_stragglers(folder, session):
        for identity in stragglers:
            _kill(identity, deadline)
        if time.monotonic() > deadline:
            return False
    return True


def remove_folder(path: Path) -> bool:
    """Remove *path* with all that is in it, whoever of us owns it; whether it is gone."""
    shutil.rmtree(path, ignore_errors=True)
    subids = find_own_subids()
    if path.exists() and subids is not None:
        removal = ["rm", "--recursive", "--force", "--one-file-system", "--", str(path)]
        with contextlib.suppress(FileNotFoundError):
            subprocess.run([*enter_command(subids), *removal], check=False, capture_output=True)
    if path.exists():
        _log.warning("%s cannot be removed; it is tried again later", path)
    return not path.exists()


# --- processes --------------------------------------------------------------------


def _members(folder: Path, session: str) -> list[_Seen]:
    in_mounts = (_below_its_mount(folder), os.fsencode(f"/making-{folder.name}/"))
    marks = _Marks(os.fsencode(folder), in_mounts, os.fsencode(session))
    ours = {seen.pid: seen for seen in _ours()}
    pid: int | None = os.getpid()
    while pid in ours:  # and not our parents either
        pid = ours.pop(pid).parent
    found = {seen.pid for seen in ours.values() if _shows(seen, marks)}
    while more := {seen.pid for seen in ours.values() if seen.parent in found} - found:
        found |= more
    return [ours[each] for each in sorted(found)]


def _ours() -> Iterator[_Seen]:
    """Every living process of our own user or a subordinate one."""
    mine, subids = os.getuid(), find_own_subids()
    uids = range(subids.first_uid, subids.first_uid + MIN_IDS) if subids is not None else range(0)
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            status = _status(entry)
            uid = int(status.get("Uid", "-1").split()[0])
            if (uid == mine or uid in uids) and status.get("State", "Z")[0] not in "ZX":
                parent = int(status.get("PPid", "0"))
                yield _Seen(int(entry.name), parent, _read(entry / "cmdline"))


def _status(entry: Path) -> Mapping[str, str]:
    lines = _read(entry / "status").decode(errors="replace").splitlines()
    pairs = (line.partition(":") for line in lines)
    return {name: value.strip() for name, _, value in pairs if name in ("Uid", "PPid", "State")}


@dataclass(frozen=True, slots=True)
class _Marks:
    """What tells an attempt's processes: its folder, what its cells mount, its session if any."""

    folder: bytes
    in_mounts: tuple[bytes, ...]
    session: bytes


def _below_its_mount(folder: Path) -> bytes:
    """*folder* from the root of the file system that it is on (proc(5), mountinfo)."""
    mount = next(each for each in (folder, *folder.parents) if each.is_mount())
    return os.fsencode(Path("/") / folder.relative_to(mount))


def _shows(seen: _Seen, marks: _Marks) -> bool:
    """Whether the process shows one of *marks*; what is cheap to ask comes first."""
    if _SUPERVISOR in seen.command and marks.folder in seen.command:
        return True
    environment = _read(seen.entry / "environ").split(b"\0")
    if any(marks.folder in each and not each.startswith(_WHERE_IT_IS) for each in environment):
        return True
    if marks.session and marks.session in _link(seen.entry / "root"):
        return True
    if _link(seen.entry / "ns/mnt") != _link(_PROC / "self/ns/mnt"):
        mounts = _read(seen.entry / "mountinfo")
        if any(each in mounts for each in marks.in_mounts):
            return True
    written = filter(_is_written, _open_files(seen))
    return any(_link(path).startswith(marks.folder) for path in written)


def _open_files(seen: _Seen) -> list[Path]:
    with contextlib.suppress(OSError):
        return list((seen.entry / "fd").iterdir())
    return []


def _is_written(path: Path) -> bool:
    """Whether the file behind *path*, of /proc/PID/fd, is open for writing (proc(5), fdinfo)."""
    text = _read(path.parent.parent / "fdinfo" / path.name)
    flags = next((line.split()[1] for line in text.splitlines() if line[:6] == b"flags:"), b"0")
    return bool(int(flags, 8) & os.O_ACCMODE)


def _read(path: Path) -> bytes:
    """What *path* of /proc says; nothing when the process has gone, or hides it."""
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return b""


def _link(path: Path) -> bytes:
    with contextlib.suppress(OSError):
        return os.fsencode(path.readlink())
    return b""


def _kill(identity: ProcessIdentity, deadline: float) -> None:
    """Kill just this process, and wait until it is gone."""
    descriptor = open_pidfd(identity)
    if descriptor is None:
        return
    try:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
    finally:
        os.close(descriptor)
