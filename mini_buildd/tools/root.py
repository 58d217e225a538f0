"""Roots of Debian that belong to subordinate ids: commands that unpack, enter and remove them."""

from pathlib import Path

from mini_buildd.tools.namespace import Subids, enter_command

# A tmpfs for /dev leaves no trace in the root. Nobody may make device nodes in a user namespace,
# so the machine's own are bound. Where /proc is partly hidden (containers), no new one is allowed.
_ENTER = """\
set -eu
root=$1; shift
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom; do
  : > "$root/dev/$name"
  mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir -m 1777 "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
mount -t proc proc "$root/proc" 2>/dev/null || mount --rbind /proc "$root/proc"
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root \\
  DEBIAN_FRONTEND=noninteractive "$@"
"""


def unpack_command(subids: Subids, tarball: Path, root: Path) -> list[str]:
    """Unpack *tarball* into the empty folder *root*, but for what is in its /dev."""
    return [
        *enter_command(subids),
        "tar",
        "--extract",
        "--numeric-owner",
        "--preserve-permissions",
        "--anchored",
        "--exclude=./dev/*",
        "--exclude=dev/*",
        f"--directory={root}",
        f"--file={tarball}",
    ]


def make_folder_command(subids: Subids, folder: Path) -> list[str]:
    """Make *folder*, which then belongs to root of the namespace."""
    return [*enter_command(subids), "mkdir", "--mode=755", str(folder)]


def remove_command(subids: Subids, folder: Path) -> list[str]:
    """Remove all of *folder*, whoever of the namespace owns it."""
    return [*enter_command(subids), "rm", "--recursive", "--force", "--", str(folder)]


def run_command(subids: Subids, root: Path, *command: str, has_network: bool = False) -> list[str]:
    """Run *command* as root in *root*, with processes and mounts of its own that end with it."""
    flags = ["--mount", "--pid", "--fork", "--kill-child", *([] if has_network else ["--net"])]
    return [*enter_command(subids, *flags), "sh", "-c", _ENTER, "sh", str(root), *command]
