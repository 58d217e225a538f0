"""Layers: sets of installed build dependencies that builds share, each made once.

A layer lies on the base that it was made on, and is named by everything that went into it: the
base, the suite's own setup, and what apt resolved, package by package with its hash. Builds only
ever read it. A folder below *root* holds one:

upper/     what installing wrote
lock       held by every build that uses it, shared
about      the boot in which it was made; with "synced" beside it, that no longer matters

A file "kind-…" tells which one builds of a kind needed last: a guess, which is tried first.
"""

import contextlib
import fcntl
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.kit.atomic import sync_filesystem, write_file
from mini_buildd.kit.process import boot_id

# No layer takes as long to make.
_MAKING_SECONDS = 24 * 3600

# 'http://host/pool/x.deb' x.deb 1234 SHA256:…
_URI = re.compile(r"^'[^']*' (\S+) (\d+) (\S*)$", re.MULTILINE)


def layer_key(base: str, setup: str, resolved: str) -> str:
    """The name of the layer for what *resolved* (apt's --print-uris) says, made on *base*."""
    packages = sorted({" ".join(match) for match in _URI.findall(resolved)})
    text = "\n".join([base, setup, *packages])
    return hashlib.sha256(text.encode()).hexdigest()


def making_folder(root: Path, token: str) -> Path:
    """Where the attempt of that token makes a layer, below the *root* of layers."""
    return root / f"making-{token}"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that is ours to read until *descriptor* is closed."""

    folder: Path
    descriptor: int

    @property
    def tree(self) -> Path:
        """What goes into an overlay's lower folders."""
        return self.folder / "upper"

    @property
    def key(self) -> str:
        """Its name."""
        return self.folder.name

    def settle(self) -> None:
        """Write it through to the disk, so that it outlives this boot."""
        if not (self.folder / "synced").exists():
            sync_filesystem(self.folder)
            (self.folder / "synced").touch()


class Layers:
    """All layers below *root*."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def find(self, key: str) -> Layer | None:
        """The layer called *key*, held; None when there is none that can be trusted."""
        folder = self._root / key
        try:
            descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        if not _is_the_same(folder / "lock", descriptor) or not _is_trusted(folder):
            os.close(descriptor)
            return None
        os.utime(descriptor)
        return Layer(folder, descriptor)

    def remember(self, kind: str, key: str) -> None:
        """A build of that *kind* needs the layer called *key*."""
        write_file(self._note(kind), key.encode())

    def recall(self, kind: str) -> Layer | None:
        """The layer that the last build of that *kind* needed, held; None when it is not there."""
        try:
            key = self._note(kind).read_text(encoding="ascii")
        except FileNotFoundError:
            return None
        return self.find(key)

    def _note(self, kind: str) -> Path:
        return self._root / f"kind-{hashlib.sha256(kind.encode()).hexdigest()}"

    def begin(self, token: str) -> Path:
        """A folder to make a layer in: cells write to it as to their upper folder."""
        making = making_folder(self._root, token)
        making.mkdir(parents=True)
        return making

    def keep(self, making: Path, key: str) -> Layer | None:
        """Give the layer in *making* its name; when somebody was first, theirs is taken."""
        (making / "about").write_text(boot_id(), encoding="ascii")
        (making / "lock").touch(mode=0o600)
        with contextlib.suppress(OSError):  # theirs is there
            making.rename(self._root / key)
        return self.find(key)

    def unused(self, max_bytes: int, max_seconds: float, now: float) -> list[Path]:
        """Move aside what is too old, or too much in all, and give the folders to be removed."""
        for folder in self._root.glob("making-*"):  # of a build that did not come to its end
            if now - folder.stat().st_mtime > _MAKING_SECONDS:
                folder.rename(folder.with_name(f"trash-{folder.name}"))
        for note in self._root.glob("kind-*"):
            if now - note.stat().st_mtime > max_seconds:
                note.unlink(missing_ok=True)
        found = [(lock.stat().st_mtime, lock.parent) for lock in self._root.glob("[0-9a-f]*/lock")]
        room = max_bytes
        for used_at, folder in sorted(found, reverse=True):
            room -= _bytes_in(folder)
            if room < 0 or now - used_at > max_seconds or not _is_trusted(folder):
                self._move_aside(folder)
        return sorted(self._root.glob("trash-*"))

    def _move_aside(self, folder: Path) -> None:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            folder.rename(folder.with_name(f"trash-{folder.name}"))
        except BlockingIOError:
            pass  # a build uses it
        finally:
            os.close(descriptor)


def _is_the_same(path: Path, descriptor: int) -> bool:
    """Whether *path* still is what was opened: it may have been moved aside before we held it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _is_trusted(folder: Path) -> bool:
    """Whether all of it can be there: after a power failure, only what was written through."""
    try:
        made_in = (folder / "about").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return (folder / "synced").exists() or made_in == boot_id()


def _bytes_in(folder: Path) -> int:
    """About how much room it takes, noted when it was first asked for."""
    note = folder / "bytes"
    with contextlib.suppress(FileNotFoundError, ValueError):
        return int(note.read_text(encoding="ascii"))
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(f"{path}/{name}").st_blocks * 512
    note.write_text(str(total), encoding="ascii")
    return total
