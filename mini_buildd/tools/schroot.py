"""schroot: the script by which root makes a directory chroot out of a tarball (schroot.conf(5)).

The daemon has no root, so root runs what this gives: it can be read before.
"""

import shlex
from pathlib import Path


def install_script(*, name: str, tarball: Path, user: str) -> str:
    """A shell script for root: unpack *tarball*, configure chroot *name*, let *user* use it."""
    folder = f"/srv/chroot/{name}"
    configuration = "\n".join(
        [
            f"[{name}]",
            "type=directory",
            f"directory={folder}",
            "union-type=overlay",
            f"description=mini-buildd, made from {tarball.name}",
            "profile=sbuild",
            "groups=root,sbuild",
            "root-groups=root,sbuild",
            "source-groups=root",
        ]
    )
    return "\n".join(
        [
            "set -eu",
            f"rm -rf {folder}.new",
            f"mkdir -p {folder}.new",
            f"tar -C {folder}.new --exclude=./dev/* -xf {shlex.quote(str(tarball))}",
            f"rm -rf {folder}",
            f"mv {folder}.new {folder}",
            f"cat > /etc/schroot/chroot.d/{name} <<'END'",
            configuration,
            "END",
            f"adduser --quiet {shlex.quote(user)} sbuild",
            "",
        ]
    )
