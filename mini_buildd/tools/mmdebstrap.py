"""Chroots by mmdebstrap: the command, and what its output says of its progress."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.deb.names import Architecture, Codename


@dataclass(frozen=True, slots=True)
class ChrootSource:
    """One apt source that the chroot is made from and keeps."""

    url: str
    suite: str
    components: str
    keyring: str
    check_valid_until: bool

    @property
    def line(self) -> str:
        """In one-line style (sources.list(5))."""
        options = [f"signed-by={self.keyring}"]
        if not self.check_valid_until:
            options.append("check-valid-until=no")
        return f"deb [{' '.join(options)}] {self.url} {self.suite} {self.components}"


def command(
    *,
    codename: Codename,
    architecture: Architecture,
    target: Path,
    mode: str,
    sources: Iterable[ChrootSource],
) -> list[str]:
    """The command that makes *target*: a folder, or by its suffix a tarball.

    *mode* is unshare for an ordinary user with subordinate ids, root for root.
    """
    return [
        "mmdebstrap",
        f"--mode={mode}",
        "--variant=buildd",
        "--skip=cleanup/apt/lists",  # so that no build has to fetch them
        f"--architectures={architecture}",
        codename,
        str(target),
        *(source.line for source in sources),
    ]


def progress(line: str) -> str | None:
    """The step that a line of mmdebstrap's output announces, or None."""
    return line.removeprefix("I: ").strip().rstrip(".") if line.startswith("I: ") else None
