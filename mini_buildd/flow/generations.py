"""Generations of a chroot on the disk: unpacked trees, each whole or not there.

Below ``chroots/<codename>-<architecture>/`` every generation is a folder named by its time, with
the tree as ``root`` and a file ``lock`` that each build on it holds shared. One that nobody holds
may go. A folder with another name is being made or removed, and never used. A generation may be a
symbolic link to one that somebody else owns, who then removes it.
"""

import os
import pwd
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mini_buildd.domain.problem import SubidsMissing
from mini_buildd.kit.atomic import sync_filesystem, sync_folder
from mini_buildd.kit.commands import Commands
from mini_buildd.kit.lock import locked, try_locked
from mini_buildd.tools.namespace import MIN_IDS, Subids, find_own_subids
from mini_buildd.tools.root import RootCommands

_TIME = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z")


def own_subids() -> Subids:
    """The subordinate ids of who runs this; raises SubidsMissing."""
    found = find_own_subids()
    if found is None:
        user = pwd.getpwuid(os.getuid()).pw_name
        raise SubidsMissing(
            expected=f"{MIN_IDS} subordinate ids for {user} in /etc/subuid and /etc/subgid",
            found="fewer, or none",
            hint=f"As root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}",
        )
    return found


@dataclass(frozen=True, slots=True)
class Generations:
    """Those of one chroot, below *folder*; *commands* runs what it takes."""

    folder: Path
    commands: Commands = field(default_factory=Commands)

    def path(self, name: str) -> Path:
        """Where the generation called *name* is."""
        return self.folder / name

    def names(self) -> list[str]:
        """Those that are there and whole, the newest last."""
        if not self.folder.is_dir():
            return []
        return sorted(
            each.name
            for each in self.folder.iterdir()
            if _NAME.fullmatch(each.name) and (each / "root").is_dir()
        )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Only one at a time makes or removes them."""
        self.folder.mkdir(exist_ok=True)
        with locked(self.folder) as descriptor:
            self.commands.held = descriptor
            try:
                yield
            finally:
                self.commands.held = None

    def begin(self) -> Path:
        """A folder for one more; what an earlier one has left there goes first."""
        self.remove_leftovers()
        making = self.folder / "making-one"
        making.mkdir()
        (making / "lock").touch(mode=0o600)
        return making

    def finish(self, making: Path, made_at: datetime) -> str:
        """Let what begin() gave be a generation, in the name of its time."""
        name = next(name for name in _names_from(made_at) if not self.path(name).exists())
        sync_filesystem(making)
        making.rename(self.path(name))
        sync_folder(self.folder)
        return name

    def remove_unused(self, *, but: Collection[str]) -> None:
        """Remove what nobody holds, *but* some, and what a crash has left; call it alone()."""
        self.remove_leftovers()
        for each in sorted(self.folder.iterdir()):
            if each.name in but:
                continue
            if each.is_symlink():
                each.unlink()
            elif _NAME.fullmatch(each.name):
                self._remove_unheld(each)

    def remove_leftovers(self) -> None:
        """Remove what is half made or half removed; call it alone()."""
        for prefix in ("making", "gone"):
            for each in self.folder.glob(f"{prefix}-*"):
                self._remove(each)

    def _remove_unheld(self, generation: Path) -> None:
        with try_locked(generation / "lock") as is_ours:
            if is_ours:
                # Under another name first: a half-removed one must not be taken for a whole one.
                gone = self.folder / f"gone-{generation.name}"
                generation.rename(gone)
                sync_folder(self.folder)
                self._remove(gone)

    def _remove(self, folder: Path) -> None:
        self.commands.run(RootCommands(own_subids()).remove(folder))


def made_at_of(name: str) -> datetime:
    """When the generation called *name* was made."""
    return datetime.strptime(name, _TIME).replace(tzinfo=UTC)


def _names_from(at: datetime) -> Iterator[str]:
    while True:
        yield at.astimezone(UTC).strftime(_TIME)
        at += timedelta(seconds=1)
