"""schroot: the script by which root makes a directory chroot out of a tarball (schroot.conf(5)).

The daemon has no root, so root runs what this gives: it can be read before.
"""

import shlex
from pathlib import Path


def install_script(*, name: str, tarball: Path, user: str) -> str:
    """A shell script for root: unpack *tarball*, configure chroot *name*, let *user* use it.

    Each run makes a new generation and switches to it.
    """
    configuration = "\n".join(
        [
            f"[{name}]",
            "type=directory",
            "directory=$folder",
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
            f"name={name}",
            'folder="/srv/chroot/$name.$(date +%s)"',
            'mkdir -p "$folder"',
            f'tar -C "$folder" -xf {shlex.quote(str(tarball))}',
            'cat > "/etc/schroot/chroot.d/$name" <<END',
            configuration,
            "END",
            "# Overlays of running builds lie on older generations; those nobody uses go.",
            'for old in "/srv/chroot/$name".*; do',
            '  [ "$old" = "$folder" ] || grep -rqs "$old" /var/lib/schroot/session ||',
            '    rm -rf "$old"',
            "done",
            f"usermod --append --groups sbuild {shlex.quote(user)}",
            "",
        ]
    )
