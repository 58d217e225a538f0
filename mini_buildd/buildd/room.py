"""Where a build writes to: memory where there is plenty of it, else the disk."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.buildd.cell import Cell
from mini_buildd.tools.kernel import available_memory_bytes, kernel_version
from mini_buildd.tools.namespace import Subids, enter_command
from mini_buildd.wire.task import Task

_MEMINFO = Path("/proc/meminfo")
# With less than this free, memory is left to the compiler.
_PLENTY_BYTES = 3 << 30
# An overlay keeps notes in user.* attributes, which tmpfs has since this kernel.
_TMPFS_SINCE = (6, 6)
_FULL = 0.97


@dataclass(frozen=True, slots=True)
class Room:
    """*upper* is a folder on the disk, or None for memory, of which *tmpfs_bytes* are to be had."""

    upper: Path | None
    tmpfs_bytes: int

    def is_full(self, used: int) -> bool:
        """Whether a build that has used so much has come to the end of the memory it got."""
        return self.upper is None and used > self.tmpfs_bytes * _FULL


def room_for(task: Task, work: Path) -> Room:
    """What *task* asks for, or, where that is "auto", what the machine has plenty of."""
    available = available_bytes()
    is_possible = kernel_version() >= _TMPFS_SINCE
    is_plenty = is_possible and available > _PLENTY_BYTES
    if task.work == "disk" or (task.work == "auto" and not is_plenty):
        return Room(work / "disk", 0)
    half = available // 2
    # A little more than the limit, so that it is the limit that ends the build.
    limit = task.limits.disk_bytes * 17 // 16
    return Room(None, min(half, limit) if limit else half)


def measured(cell: Cell, room: Room, subids: Subids) -> int:
    """Bytes that the build in *cell* has written and not removed."""
    if room.upper is None:
        try:
            found = os.statvfs(f"/proc/{cell.pid}/root")
        except OSError:  # it has just ended
            return 0
        return (found.f_blocks - found.f_bfree) * found.f_frsize
    return disk_usage(room.upper, subids)


def disk_usage(folder: Path, subids: Subids) -> int:
    """Bytes that *folder* takes on the disk."""
    told = subprocess.run(
        [*enter_command(subids), "du", "--summarize", "--block-size=1", str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    size = told.stdout.partition("\t")[0]
    return int(size) if size.isdecimal() else 0


def available_bytes() -> int:
    """The memory that programs can have without swapping."""
    return available_memory_bytes(_MEMINFO.read_text(encoding="ascii"))
