"""Whom the doctor looks at: one instance, made or not, and the user it is to run as."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.kit.clock import Clock
from mini_buildd.tools.kernel import Mount, mounts
from mini_buildd.tools.namespace import Subids, read_subids

SUBUID, SUBGID = Path("/etc/subuid"), Path("/etc/subgid")


@dataclass(frozen=True, slots=True)
class Patient:
    """*name* is empty when nobody in /etc/passwd has that *uid*."""

    settings: Settings
    places: Places
    clock: Clock
    name: str
    uid: int
    mounts: tuple[Mount, ...]
    subids: Subids | None

    @property
    def ground(self) -> Path:
        """The instance's folder, or the nearest one above it that is there."""
        place = self.settings.home.resolve()
        while not place.is_dir() and place != place.parent:
            place = place.parent
        return place

    @property
    def has_database(self) -> bool:
        """Whether ``mini-buildd setup`` was run."""
        return self.places.database.is_file() and self.places.database.stat().st_size > 0


def meet(settings: Settings, clock: Clock) -> Patient:
    """The instance of *settings* and whoever runs this."""
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = ""
    return Patient(
        settings=settings,
        places=Places(settings.home),
        clock=clock,
        name=name,
        uid=uid,
        mounts=tuple(mounts(read_text(Path("/proc/self/mountinfo")))),
        subids=read_subids(name, uid, read_text(SUBUID), read_text(SUBGID)),
    )


def read_text(path: Path) -> str:
    """The text of a file; empty when it is not there."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
