"""Commands that try, in namespaces of their own, what a build needs of the kernel.

Each ends with status 0 when it works, and says why when it does not; nothing of it stays.
"""

from collections.abc import Sequence
from pathlib import Path

from mini_buildd.tools.namespace import Subids, enter_command

# A folder of the base is removed and made again, which an overlay keeps in an attribute of it:
# where it cannot, this fails, or what was removed is seen again.
_OVERLAY = """
cd "$1"
mkdir base base/d upper work merged
: >base/d/file
mount -t overlay -o "$2,lowerdir=base,upperdir=upper,workdir=work" overlay merged
cd merged
rm -r d
mkdir d
test ! -e d/file
"""

_KERNEL_FILES = """set -e
mount -t sysfs -o ro sysfs /sys
mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts
mount -t proc proc /proc
test -e /proc/self/status
"""

# As netdevice(7) has it, since not every machine has iproute2.
_LOOPBACK = """
import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 0x41))
"""

_MEMORY = 'set -e; mount -t tmpfs tmpfs "$1";' + _OVERLAY
_OPTIONS = "userxattr,volatile"


def namespace() -> list[str]:
    """A user namespace with nothing but the caller in it."""
    return ["unshare", "--user", "--map-current-user", "--", "true"]


def mapping(subids: Subids) -> list[str]:
    """A user namespace with the subordinate ids."""
    return [*enter_command(subids), "true"]


def processes(subids: Subids) -> list[str]:
    """Numbers of processes, terminals and the kernel's file systems of its own."""
    flags = ("--mount", "--pid", "--fork", "--kill-child", "--net", "--ipc", "--uts")
    return [*enter_command(subids, *flags), "sh", "-c", _KERNEL_FILES]


def network(subids: Subids, python: str) -> list[str]:
    """A network of its own, with nothing but the loopback interface."""
    return [*enter_command(subids, "--net"), python, "-I", "-S", "-c", _LOOPBACK]


def disk_overlay(subids: Subids, scratch: Path) -> list[str]:
    """An overlay in the empty folder *scratch*, which is to be removed by remove_scratch."""
    return _shell(subids, "set -e;" + _OVERLAY, scratch)


def memory_overlay(subids: Subids, scratch: Path) -> list[str]:
    """An overlay in a tmpfs on the empty folder *scratch*."""
    return _shell(subids, _MEMORY, scratch)


def remove_scratch(subids: Subids, scratch: Path) -> list[str]:
    """Remove what a trial has left in *scratch*, which belongs to subordinate ids."""
    script = 'find "$1" -mindepth 1 -delete'
    return [*enter_command(subids), "sh", "-c", script, "remove", str(scratch)]


def _shell(subids: Subids, script: str, scratch: Path) -> list[str]:
    words: Sequence[str] = ("sh", "-c", script, "trial", str(scratch), _OPTIONS)
    return [*enter_command(subids, "--mount"), *words]
