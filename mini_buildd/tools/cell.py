"""Cells: what one build lives in, as commands (unshare(1), nsenter(1)).

A cell is a set of namespaces of its own with a root of its own, in which the daemon's user is
nobody. Its first process is buildd/cell_init.py; others enter by nsenter. Whoever enters as root
has the machine's network, to download packages; everybody else, so the build itself, has none.
"""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.tools.namespace import Subids, enter_command

NAME = "buildd"  # the host name in there, the same in every cell

# The user that packages are built as; not root, and nobody outside.
BUILD_USER = "sbuild"
BUILD_UID = 1000

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Bind:
    """A folder of the machine that is shown in the cell."""

    source: Path
    target: str
    is_writable: bool = False


@dataclass(frozen=True, slots=True)
class CellPlan:
    """What a cell is made of.

    *lower* are the folders that it begins with, the uppermost first; it writes to *upper*, or, when
    that is None, to memory, at most *tmpfs_bytes* (0: half of the machine's). *work* is a folder of
    the caller's for mount points. *prepare* is shell that is run before anything else, while the
    machine's own root is still there.
    """

    lower: tuple[Path, ...]
    work: Path
    upper: Path | None = None
    tmpfs_bytes: int = 0
    binds: tuple[Bind, ...] = ()
    prepare: str = ""


def start_command(plan: CellPlan, subids: Subids, python: str, init: Path) -> list[str]:
    """The command whose grandchild, as it were, is the cell's first process."""
    specification = {
        "name": NAME,
        "uid": BUILD_UID,
        "lower": [str(folder) for folder in plan.lower],
        "work": str(plan.work),
        "prepare": plan.prepare,
        "upper": str(plan.upper) if plan.upper else "",
        "tmpfs_bytes": plan.tmpfs_bytes,
        "binds": [(str(each.source), each.target, each.is_writable) for each in plan.binds],
    }
    flags = ("--mount", "--pid", "--fork", "--net", "--uts", "--ipc")
    program = [python, "-I", "-S", str(init), json.dumps(specification)]
    return [*enter_command(subids, *flags), *program]


@dataclass(frozen=True, slots=True)
class Door:
    """Two processes by which a cell is entered: its *first* one, and who *keeps* it from outside.

    The namespaces of the cell belong to the keeper's user namespace; from there one may enter
    them, and at last the inner one, where that power ends.
    """

    first: int
    keeper: int


def enter(door: Door, *command: str, online: bool = False) -> list[str]:
    """*command* as root of the cell behind *door*."""
    outer = ["nsenter", f"--user=/proc/{door.keeper}/ns/user", "--setuid=0", "--setgid=0", "--"]
    inner = ["nsenter", f"--target={door.first}", "--user", "--mount", "--pid", "--uts", "--ipc"]
    network = [] if online else ["--net"]
    return [*outer, *inner, *network, "--setuid=0", "--setgid=0", "--", *command]


def enter_script(door: Door, limits: Sequence[str] = ()) -> str:
    """A shell script that runs its arguments in the cell, as sbuild gives them.

    sbuild puts runuser(1) before what is not for root, so that is what tells who may use the
    network. *limits* are options of prlimit(1) for the build.
    """
    offline = ["prlimit", *limits, "--"] if limits else []
    return "\n".join(
        [
            "#!/bin/sh",
            # sbuild lets no PATH through but where it says one itself.
            f"export PATH={_PATH}",
            'case " $* " in',
            '*" /sbin/runuser -u "*)',
            f'  exec {shlex.join(enter(door, *offline))} "$@" ;;',
            "esac",
            f'exec {shlex.join(enter(door, online=True))} "$@"',
            "",
        ]
    )


def testbed_script(enter_script: Path) -> str:
    """A shell script that speaks for the cell as sbuild asks a testbed.

    The dialogue is autopkgtest's (README.virtualisation-server), of which sbuild's chroot mode
    "autopkgtest" uses these lines. Nothing is opened or closed by it: the cell is there.
    """
    word = "".join(f"%{byte:02X}" for byte in str(enter_script).encode())
    return "\n".join(
        [
            "#!/bin/sh",
            "echo ok",
            "while read -r request; do",
            "  case $request in",
            "  open) echo ok / ;;",
            "  capabilities) echo ok root-on-testbed isolation-container ;;",
            f"  print-execute-command) echo ok {word} ;;",
            "  close) echo ok ;;",
            "  quit) exit 0 ;;",
            "  *) echo error ;;",
            "  esac",
            "done",
            "",
        ]
    )
