"""Roots of Debian that belong to subordinate ids: commands that make, enter, pack and remove them.

All run as root of a user namespace. *prepare* is shell that is run in there before anything else:
an emulator may have to be registered.
"""

from dataclasses import dataclass
from pathlib import Path

from mini_buildd.tools.namespace import Subids, enter_command

# A tmpfs for /dev and one for /tmp leave no trace in the root. Nobody may make device nodes in a
# user namespace, so the machine's own are bound. Where /proc is partly hidden, as in containers, no
# new one is allowed.
_ENTER = """\
root=$1; shift
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom; do
  : > "$root/dev/$name"
  mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir -m 1777 "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t proc proc "$root/proc" 2>/dev/null || mount --rbind /proc "$root/proc"
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root \\
  DEBIAN_FRONTEND=noninteractive "$@"
"""
_OUTSIDE = """\
mount -t proc proc /proc 2>/dev/null || :
exec "$@"
"""

# dpkg syncs every file; through an overlay that is told to sync nothing this takes half the time,
# and what comes out, the upper folder, is a plain tree. It is synced as a whole in the end.
_MAKE = """\
beside=$1; root=$beside/root; shift
mkdir "$root" "$beside/seen" "$beside/empty" "$beside/work"
folders=lowerdir=$beside/empty,upperdir=$root,workdir=$beside/work
mount -t overlay -o "$folders,userxattr,volatile" overlay "$beside/seen" 2>/dev/null ||
  mount --bind "$root" "$beside/seen"
"""

SCAFFOLD = ("seen", "empty", "work")


@dataclass(frozen=True, slots=True)
class RootCommands:
    """The commands of who has *subids*."""

    subids: Subids
    prepare: str = ""

    def make_folder(self, folder: Path) -> list[str]:
        """Make *folder*, which then belongs to root of the namespace."""
        return [*enter_command(self.subids), "mkdir", "--mode=755", str(folder)]

    def remove(self, *folders: Path) -> list[str]:
        """Remove all of *folders*, whoever of the namespace owns it."""
        words = ["rm", "--recursive", "--force", "--", *map(str, folders)]
        return [*enter_command(self.subids), *words]

    def make(self, beside: Path, *command: str) -> list[str]:
        """Run *command*, which makes ``seen`` in the folder *beside*; there it then is ``root``.

        The folders of SCAFFOLD are left there, to be removed.
        """
        script = f"{_MAKE}{_OUTSIDE}"
        return [*self._enter(online=True), *self._sh(script), str(beside), *command]

    def unpack(self, tarball: Path, root: Path) -> list[str]:
        """Unpack *tarball* into the empty folder *root*, but for what is in its /dev."""
        return [
            *enter_command(self.subids),
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

    def pack(self, root: Path, tarball: Path) -> list[str]:
        """Pack *root* into the file *tarball*; where that is there already, its owner stays."""
        return [
            *enter_command(self.subids),
            "tar",
            "--create",
            "--numeric-owner",
            "--one-file-system",
            "--exclude=./var/cache/apt/*.bin",
            "--sort=name",
            "--use-compress-program=zstd --threads=0",
            f"--directory={root}",
            f"--file={tarball}",
            ".",
        ]

    def beside(self, *command: str) -> list[str]:
        """Run *command*, with mounts and processes of its own that end with it."""
        return [*self._enter(online=True), *self._sh(_OUTSIDE), *command]

    def inside(self, root: Path, *command: str, online: bool = False) -> list[str]:
        """The same with *root* as the root; with a network only *online*."""
        return [*self._enter(online=online), *self._sh(_ENTER), str(root), *command]

    def _enter(self, *, online: bool) -> list[str]:
        flags = ["--mount", "--pid", "--fork", "--kill-child", *([] if online else ["--net"])]
        return enter_command(self.subids, *flags)

    def _sh(self, script: str) -> list[str]:
        return ["sh", "-c", f"set -eu\numask 022\n{self.prepare}\n{script}", "sh"]
