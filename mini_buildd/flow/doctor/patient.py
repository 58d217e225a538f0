"""Whom the doctor looks at: one instance, made or not, and the user it is to run as."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.kit.clock import Clock
from mini_buildd.tools.kernel import Mount, mounts
from mini_buildd.tools.namespace import SUBGID, SUBUID, Subids, read_subids


@dataclass(frozen=True, slots=True)
class Patient:
    """*name* is empty when nobody in /etc/passwd has that *uid*."""

    settings: Settings
    machine_only: bool  # the machine is to be looked at, and not what was set up on it
    is_set_up: bool
    places: Places
    clock: Clock
    name: str
    uid: int
    mounts: tuple[Mount, ...]
    subids: Subids | None

    @property
    def has_instance(self) -> bool:
        """Whether there are rows to look at."""
        return self.is_set_up and not self.machine_only

    @property
    def ground(self) -> Path:
        """The instance's folder, or the nearest one above it that is there."""
        place = self.settings.home.resolve()
        while not place.is_dir() and place != place.parent:
            place = place.parent
        return place

    @property
    def closed(self) -> tuple[str, ...]:
        """The folders on the way to *ground* that the root of a namespace cannot pass.

        It has the rights of the user whose namespace it is, but of none of the user's groups.
        """
        way = (self.ground, *self.ground.parents)
        return tuple(str(folder) for folder in way if not _is_open(folder.stat(), self.uid))


def _is_open(found: os.stat_result, uid: int) -> bool:
    return found.st_uid == uid or bool(found.st_mode & stat.S_IXOTH)


def meet(settings: Settings, clock: Clock, *, machine_only: bool) -> Patient:
    """The instance of *settings*, once it is set up, and whoever runs this."""
    places = Places(settings.home)
    is_set_up = places.database.is_file() and places.database.stat().st_size > 0
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = ""
    return Patient(
        settings=settings,
        machine_only=machine_only,
        is_set_up=is_set_up,
        places=places,
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
