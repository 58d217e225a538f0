"""A disk of a few megabytes, for one process and its children: a tmpfs that nobody else sees.

It needs no privileges: a process may mount what it likes in a user and mount namespace of its own
(user_namespaces(7), mount_namespaces(7)).
"""

import contextlib
import ctypes
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000  # <linux/sched.h>
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """The disk at *folder*."""

    folder: Path

    @contextlib.contextmanager
    def with_room(self, pages: int) -> Iterator[None]:
        """Let there be room for so many pages of memory, which is what its files take."""
        ballast = self.folder / "ballast"
        free = os.statvfs(self.folder).f_bavail * os.statvfs(self.folder).f_bsize
        with ballast.open("wb") as stream:
            size = free - pages * _PAGE_BYTES
            if size > 0:
                os.posix_fallocate(stream.fileno(), 0, size)
        try:
            yield
        finally:
            ballast.unlink()


def on_small_disk(folder: Path, size_bytes: int, work: Callable[[SmallDisk], object]) -> None:
    """Run *work* in a child, where *folder* is a disk of that size.

    Raises AssertionError with the child's last words when it fails.
    """
    sys.stdout.flush()
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        _work_and_exit(folder, size_bytes, work, theirs)
    os.close(theirs)
    with os.fdopen(ours, "rb") as said:
        words = said.read().decode(errors="replace")
    if os.waitpid(child, 0)[1]:
        raise AssertionError(words)


def _work_and_exit(
    folder: Path, size_bytes: int, work: Callable[[SmallDisk], object], said: int
) -> None:
    os.set_inheritable(said, False)  # noqa: FBT003  # what outlives us does not hold it open
    status = 1
    try:
        _mount(folder, size_bytes)
        work(SmallDisk(folder))
        status = 0
    except BaseException:  # noqa: BLE001  # the parent tells it
        os.write(said, traceback.format_exc().encode()[-60_000:])
    finally:
        os._exit(status)


def _mount(folder: Path, size_bytes: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    _demand(libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS))
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    _demand(libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, b"size=%d" % size_bytes))


def _demand(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
