"""Generations of a chroot on the disk: unpacked trees, each whole or not there.

Below ``chroots/<codename>-<architecture>/`` every generation is a folder named by its time, with
the tree as ``root`` and a file ``lock`` that each build on it holds shared. One that nobody holds
may go. A folder with another name is being made or removed, and never used. A generation may be a
symbolic link to one that somebody else owns, who then removes it.
"""

import os
import pwd
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mini_buildd.domain.problem import SubidsMissing
from mini_buildd.kit.atomic import sync_filesystem, sync_folder
from mini_buildd.kit.lock import locked, try_locked
from mini_buildd.kit.process import run_following
from mini_buildd.tools.namespace import MIN_IDS, Subids, read_subids
from mini_buildd.tools.root import (
    make_folder_command,
    remove_command,
    run_command,
    unpack_command,
)

_TIME = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z")

Say = Callable[[str], None]


def own_subids() -> Subids:
    """The subordinate ids of who runs this; raises SubidsMissing."""
    user = pwd.getpwuid(os.getuid()).pw_name
    texts = [_text(Path("/etc") / name) for name in ("subuid", "subgid")]
    found = read_subids(user, os.getuid(), *texts)
    if found is None:
        raise SubidsMissing(
            expected=f"{MIN_IDS} subordinate ids for {user} in /etc/subuid and /etc/subgid",
            found="fewer, or none",
            hint=f"As root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}",
        )
    return found


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


@dataclass(frozen=True, slots=True)
class Generations:
    """Those of one chroot, below *folder*."""

    folder: Path

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

    def alone(self) -> AbstractContextManager[None]:
        """Only one at a time makes or removes them."""
        self.folder.mkdir(exist_ok=True)
        return locked(self.folder)

    def unpack(self, tarball: Path, made_at: datetime, say: Say) -> str:
        """Make a generation out of *tarball*, in the name of its time; call it alone().

        Raises CommandFailed, SubidsMissing.
        """
        self._remove_leftovers()
        subids = own_subids()
        name = self._free_name(made_at)
        making = self.folder / f"making-{name}"
        making.mkdir()
        (making / "lock").touch(mode=0o600)
        root = making / "root"
        say("unpacking")
        run_following(make_folder_command(subids, root), _nothing)
        run_following(unpack_command(subids, tarball, root), _nothing)
        if not any((root / "var/lib/apt/lists").glob("*_InRelease")):
            say("running apt-get update")
            run_following(run_command(subids, root, *_UPDATE, has_network=True), _nothing)
        # It leaves apt's cache, which saves each build half a second.
        run_following(run_command(subids, root, "apt-get", "--quiet", "check"), _nothing)
        sync_filesystem(making)
        making.rename(self.path(name))
        sync_folder(self.folder)
        return name

    def _free_name(self, at: datetime) -> str:
        """The name for *at*, or for the next second that no generation has."""
        names = iter(_names_from(at))
        return next(name for name in names if not self.path(name).exists())

    def remove_unused(self, *, but: str) -> None:
        """Remove what nobody holds, *but* one, and what a crash has left; call it alone()."""
        self._remove_leftovers()
        for each in sorted(self.folder.iterdir()):
            if each.name == but:
                continue
            if each.is_symlink():
                each.unlink()
            elif _NAME.fullmatch(each.name):
                self._remove_unheld(each)

    def _remove_leftovers(self) -> None:
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

    @staticmethod
    def _remove(folder: Path) -> None:
        run_following(remove_command(own_subids(), folder), _nothing)


def made_at_of(name: str) -> datetime:
    """When the generation called *name* was made."""
    return datetime.strptime(name, _TIME).replace(tzinfo=UTC)


def _names_from(at: datetime) -> Iterator[str]:
    second = int(at.timestamp())
    while True:
        yield datetime.fromtimestamp(second, UTC).strftime(_TIME)
        second += 1


_UPDATE = ("apt-get", "--quiet", "--error-on=any", "update")


def _nothing(line: str) -> None:
    del line
