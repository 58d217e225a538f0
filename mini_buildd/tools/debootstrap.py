"""Roots by debootstrap, for who prefers it: the command, and what its output says."""

from pathlib import Path

from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.tools.mmdebstrap import ChrootSource

# Nobody may make device nodes in a user namespace: debootstrap takes those that are there, and
# asks for none where it believes itself in a container of lxc.
_PREPARE = """\
set -eu
root=$1; shift
mkdir -p "$root/dev" "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom tty; do
  : > "$root/dev/$name"
  mount --bind "/dev/$name" "$root/dev/$name"
done
mount -t proc proc /proc 2>/dev/null || :
exec env container=lxc "$@"
"""


def command(
    *, codename: Codename, architecture: Architecture, target: Path, source: ChrootSource
) -> list[str]:
    """The command that makes the folder *target* out of *source*, as root of a namespace.

    debootstrap knows one source only; what others have comes with the first upgrade.
    """
    return [
        "sh",
        "-c",
        _PREPARE,
        "sh",
        str(target),
        "debootstrap",
        "--variant=buildd",
        f"--arch={architecture}",
        f"--keyring={source.keyring}",
        "--force-check-gpg",
        f"--components={','.join(source.components.split())}",
        codename,
        str(target),
        source.url,
    ]


def progress(line: str) -> str | None:
    """The step that a line of its output announces, or None."""
    step = line.removeprefix("I: ").strip().rstrip(".")
    of_one_package = ("Retrieving ", "Validating ", "Extracting ", "Unpacking ", "Configuring ")
    is_step = line.startswith("I: ") and not step.startswith(of_one_package)
    return step if is_step else None
