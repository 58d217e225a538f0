"""Which architectures this machine can run: its own, those its processor has too, emulated ones.

An emulated one needs qemu-user-static and a registration with the kernel (binfmt_misc). It counts
with flag F only: then the kernel has opened the emulator beforehand, and it is there in a chroot
that does not have it. Since Linux 6.7 a user namespace can have registrations of its own
(private_registration), so that nobody has to be root for it.
"""

import os
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.deb.names import Architecture
from mini_buildd.domain.problem import ArchitectureNotRunnable

REGISTRATIONS = Path("/proc/sys/fs/binfmt_misc")
_TEMPLATES = Path("/usr/lib/binfmt.d")  # qemu-user-static's, as of binfmt.d(5)
_EMULATOR = re.compile(r"qemu-([a-z0-9_]+?)(?:-static)?|([a-z0-9_]+)-binfmt-P")
_SPECIAL = frozenset({"register", "status"})
_PRIVATE_SINCE = (6, 7)

# By the names that the kernel (uname(2)) and qemu have for them.
_NAMES = {
    "aarch64": "arm64",
    "alpha": "alpha",
    "arm": "armhf",
    "armv7l": "armhf",
    "hppa": "hppa",
    "i386": "i386",
    "i686": "i386",
    "loongarch64": "loong64",
    "m68k": "m68k",
    "mips64el": "mips64el",
    "mipsel": "mipsel",
    "ppc64": "ppc64",
    "ppc64le": "ppc64el",
    "riscv64": "riscv64",
    "s390x": "s390x",
    "sh4": "sh4",
    "sparc64": "sparc64",
    "x86_64": "amd64",
}
# What such processors run besides; an emulator of the first also runs the second.
_BESIDES = {"amd64": ("i386",), "arm64": ("armhf",), "armhf": ("armel",)}


@dataclass(frozen=True, slots=True)
class Registration:
    """One entry of binfmt_misc: who runs programs of a kind, and whether it does so in a chroot."""

    interpreter: str
    is_enabled: bool
    is_fixed: bool

    @property
    def architecture(self) -> Architecture | None:
        """Which one a qemu emulates; None for other interpreters."""
        match = _EMULATOR.fullmatch(Path(self.interpreter).name)
        name = _NAMES.get(match[1] or match[2]) if match else None
        return Architecture(name) if name else None


def read_registration(text: str) -> Registration:
    """The text of one file below /proc/sys/fs/binfmt_misc (the kernel's binfmt-misc.rst)."""
    first, *lines = text.splitlines() or [""]
    fields = dict(line.split(" ", 1) for line in lines if " " in line)
    flags = fields.get("flags:", "").split()
    return Registration(
        interpreter=fields.get("interpreter", ""),
        is_enabled=first.strip() == "enabled",
        is_fixed=any("F" in each for each in flags),
    )


def registrations(folder: Path = REGISTRATIONS) -> tuple[Registration, ...]:
    """What is registered; nothing where binfmt_misc is not mounted."""
    try:
        files = sorted(path for path in folder.iterdir() if path.name not in _SPECIAL)
        return tuple(read_registration(path.read_text("utf-8", "replace")) for path in files)
    except OSError:
        return ()


def runnable(machine: str, registered: Iterable[Registration]) -> tuple[Architecture, ...]:
    """Those of a *machine* (as uname(2) names it), its own first; pure."""
    own = _NAMES.get(machine)
    found = [*_with_besides(own)] if own else []
    emulated = (each.architecture for each in registered if each.is_enabled and each.is_fixed)
    found += sorted(str(each) for each in emulated if each is not None)
    return tuple(Architecture(each) for each in dict.fromkeys(found))


def _with_besides(name: str) -> Iterable[str]:
    while name:
        yield name
        (name,) = _BESIDES.get(name, ("",))


def runnable_architectures() -> tuple[Architecture, ...]:
    """What can run here now, this machine's own architecture first."""
    return runnable(os.uname().machine, registrations())


def demand_runnable(architecture: Architecture) -> None:
    """Raise ArchitectureNotRunnable with what to install, unless it can run here."""
    found = runnable_architectures()
    if architecture not in found:
        raise ArchitectureNotRunnable(
            expected=f"one that this machine can run: {', '.join(found)}",
            found=f"this machine cannot run {architecture}",
            hint="Install what emulates it: apt install qemu-user-static binfmt-support",
        )


# --- registrations of one's own -------------------------------------------------------


def private_registration(
    architecture: Architecture, folder: Path = _TEMPLATES, release: str = ""
) -> str:
    """The line that registers an emulator of *architecture*; empty where that cannot be.

    It is for /proc/sys/fs/binfmt_misc/register of a namespace of one's own, which Linux has since
    6.7, and it is made from what qemu-user-static installs; *release* is the kernel's.
    """
    numbers = re.findall(r"[0-9]+", release or os.uname().release)[:2]
    if tuple(int(each) for each in numbers) < _PRIVATE_SINCE:
        return ""
    wanted = {qemu for qemu, name in _NAMES.items() if name == architecture}
    for qemu in sorted(wanted):
        try:
            text = (folder / f"qemu-{qemu}.conf").read_text("ascii").strip()
        except OSError:
            continue
        head, _, flags = text.rpartition(":")
        interpreter = head.rpartition(":")[2]
        if Path(interpreter).exists():
            return text if "F" in flags else f"{text}F"
    return ""


def register_script(registration: str) -> str:
    """Shell for root of a user and mount namespace: there, from then on, such programs run."""
    return (
        f"mount -t binfmt_misc binfmt_misc {REGISTRATIONS} && "
        f"printf '%s\\n' {shlex.quote(registration)} > {REGISTRATIONS}/register"
    )
