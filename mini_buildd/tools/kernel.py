"""What the kernel tells of itself and of this process, under /proc and /sys (proc(5))."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

_OCTAL = re.compile(r"\\([0-7]{3})")


def read_sysctl(name: str) -> int | None:
    """The number in a kernel setting; None when this kernel has no such setting."""
    path = Path("/proc/sys", *name.split("."))
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def kernel_version(release: str = "") -> tuple[int, int]:
    """The first two numbers of *release*, by default of the kernel that runs."""
    found = re.match(r"(\d+)\.(\d+)", release or os.uname().release)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def available_memory_bytes(meminfo: str) -> int:
    """What could be had without swapping, in the text of /proc/meminfo; 0 when it does not say."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB$", meminfo, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


@dataclass(frozen=True, slots=True)
class Mount:
    """A file system, where it is mounted, and how."""

    place: str
    kind: str
    options: frozenset[str]


def mounts(mountinfo: str) -> list[Mount]:
    """The mounts in the text of /proc/self/mountinfo, in their order."""
    return [_mount(line) for line in mountinfo.splitlines() if " - " in line]


def _mount(line: str) -> Mount:
    before, _, after = line.partition(" - ")
    words, rest = before.split(" "), after.split(" ")
    of_file_system = {"ro"} & set(rest[-1].split(","))
    options = frozenset({*words[5].split(","), *of_file_system})
    return Mount(_unescaped(words[4]), rest[0], options)


def _unescaped(text: str) -> str:
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)


def mount_of(path: PurePath, all_mounts: Iterable[Mount]) -> Mount | None:
    """The mount that *path*, an absolute one without links, lies on: the last of the deepest."""
    found = None
    for mount in all_mounts:
        is_above = path.is_relative_to(mount.place)
        if is_above and (found is None or len(mount.place) >= len(found.place)):
            found = mount
    return found


def is_locked(path: Path) -> bool:
    """Whether some process holds a lock on the file *path*; looking takes none (proc_locks(5))."""
    try:
        inode = path.stat().st_ino
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    return any(line.split()[-3].endswith(f":{inode}") for line in lines if len(line.split()) > 3)  # noqa: PLR2004
