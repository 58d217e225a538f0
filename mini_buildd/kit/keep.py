"""Keeping a tree of files elsewhere: as links where that will do, or as copies."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Kept:
    """How much was kept, and how much of it takes no room of its own."""

    files: int = 0
    size_bytes: int = 0
    linked: int = 0


class Keeper:
    """Keeps files of *source* below *target*; what *before* has already is linked to that."""

    def __init__(self, source: Path, target: Path, before: Path | None = None) -> None:
        self._source, self._target, self._before = source, target, before
        self._may_link = True
        self.kept = Kept()

    def tree(self, path: str, *, is_fixed: bool, wanted: Callable[[str], bool]) -> None:
        """Everything below *path* whose relative name is *wanted*, as far as it is there.

        What *is_fixed* is never written to again, only replaced; so a link to it will do.
        """
        root = self._source / path
        for relative in _walk(root) if root.is_dir() else ():
            name = f"{path}/{relative}"
            if wanted(name):
                self.file(name, is_fixed=is_fixed)

    def file(self, name: str, *, is_fixed: bool) -> bool:
        """One file, or symbolic link; whether it was there."""
        source, target = self._source / name, self._target / name
        try:
            status = source.lstat()
        except FileNotFoundError:
            return False
        is_link, is_file = stat.S_ISLNK(status.st_mode), stat.S_ISREG(status.st_mode)
        if target.is_symlink() or target.exists():
            return True
        if not is_link and not is_file:  # a socket of gpg-agent's, perhaps
            return False
        self._folder(target.parent)
        try:
            if is_link:
                target.symlink_to(source.readlink())
                self.kept.linked += 1
            elif not self._link(name, status, target, is_fixed=is_fixed):
                shutil.copy2(source, target)
        except FileNotFoundError:  # it went just now
            return False
        self.kept.files += 1
        self.kept.size_bytes += status.st_size if is_file else 0
        return True

    def _link(self, name: str, status: os.stat_result, target: Path, *, is_fixed: bool) -> bool:
        if self._before is not None and _is_same(self._before / name, status):
            os.link(self._before / name, target)
        elif is_fixed and self._may_link:
            try:
                os.link(self._source / name, target)
            except FileNotFoundError:
                raise
            except OSError:  # another file system, or one that has no links
                self._may_link = False
                return False
        else:
            return False
        self.kept.linked += 1
        return True

    def _folder(self, folder: Path) -> None:
        """Make *folder* and those above it as they are in the source."""
        if folder.is_dir():
            return
        self._folder(folder.parent)
        source = self._source / folder.relative_to(self._target)
        folder.mkdir()
        folder.chmod(stat.S_IMODE(source.stat().st_mode))


def _is_same(path: Path, status: os.stat_result) -> bool:
    """By what rsync goes, too."""
    try:
        old = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(old.st_mode) and (
        (old.st_size, old.st_mtime_ns, stat.S_IMODE(old.st_mode))
        == (status.st_size, status.st_mtime_ns, stat.S_IMODE(status.st_mode))
    )


def _walk(root: Path, below: str = "") -> Iterator[str]:
    """Names of files and links; what goes meanwhile is left out."""
    try:
        entries = sorted(os.scandir(root / below), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        name = f"{below}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, f"{name}/")
        else:
            yield name
