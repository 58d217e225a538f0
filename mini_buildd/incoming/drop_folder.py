"""A folder that uploads are dropped into, by whatever means.

    <folder>/                      what is dropped: a .changes, and the files that it names
    <folder>/.taken/<token>/       an upload that is ours now, until it is decided on
    <folder>/done/, rejected/      what became of it

A file may be dropped slowly, and in any order. An upload is taken once its .changes has not changed
between two looks and every file that it names is there with the size and the SHA-256 that it says.
"""

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from mini_buildd.deb.changes import Changes, parse_changes
from mini_buildd.deb.clearsigned import text_of
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.files import ListedFile
from mini_buildd.deb.names import MalformedName, PlainFilename
from mini_buildd.incoming.spool import Arrival, Spool
from mini_buildd.kit.hashing import hash_stream

_MAX_CONTROL_BYTES = 4 << 20
_BLOCK_BYTES = 1 << 20

_Stamp = tuple[int, int, int]


class DropFolder:
    """The folder *root*; one look at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._taken = root / ".taken"
        self._seen: dict[str, _Stamp] = {}
        # Large files are read again only when they have changed.
        self._differs: dict[PlainFilename, tuple[_Stamp, str]] = {}

    # --- what is dropped --------------------------------------------------------

    def take(self) -> list[str]:
        """Take what is complete, out of the way of whoever drops more; gives its tokens."""
        changes = sorted(self._root.glob("*.changes"))
        now = {path.name: stamp for path in changes if (stamp := _stamp(path)) is not None}
        steady = [path for path in changes if self._seen.get(path.name) == now.get(path.name)]
        self._seen = now
        return [token for path in steady if path.name in now for token in self._take(path)]

    def _take(self, path: Path) -> Iterator[str]:
        try:
            name, changes = PlainFilename(path.name), _read_changes(path)
        except (MalformedControl, MalformedName, OSError):
            return  # half of it, or none of ours: it may become one
        if not all(self._is_there(file) for file in changes.files):
            return
        folder = self._taken / secrets.token_hex(16)
        folder.mkdir(parents=True)
        for each in (*(file.name for file in changes.files), name):  # the .changes is the last
            with contextlib.suppress(FileNotFoundError):
                (self._root / each).rename(folder / each)
        yield folder.name

    def _is_there(self, file: ListedFile) -> bool:
        path = self._root / file.name
        stamp = _stamp(path)
        if stamp is None or stamp[0] != file.size_bytes:
            return False
        if self._differs.get(file.name) == (stamp, file.sha256):
            return False
        try:
            with _open(path) as stream:
                found = hash_stream(stream).sha256
        except OSError:
            return False
        if found != file.sha256:
            self._differs[file.name] = (stamp, file.sha256)
        return found == file.sha256

    # --- what is taken -----------------------------------------------------------

    def taken(self) -> list[str]:
        """The tokens of what is not decided on yet."""
        with contextlib.suppress(FileNotFoundError):
            return sorted(path.name for path in self._taken.iterdir())
        return []

    def bring(self, token: str, spool: Spool, suites: Mapping[str, str]) -> None:
        """Let what was taken as *token* arrive in the *spool*; raises SpoolFull, OSError.

        It can be repeated: what has arrived twice is there once for whoever asks by digest.
        """
        folder = self._taken / PlainFilename(token)
        changes = next(iter(folder.glob("*.changes")), None)
        if changes is None:
            self._give_back(folder)
            return
        arrivals: list[Arrival] = []
        try:
            for path in folder.iterdir():
                if path != changes:
                    arrivals.append(_bring(path, spool))  # noqa: PERF401  # one by one, so that each is known when the next fails
            spool.aim(token, suites)
            _bring(changes, spool, token)
        except BaseException:
            spool.drop(arrivals)
            raise

    def _give_back(self, folder: Path) -> None:
        """Undo a taking that was cut by a crash: its .changes, the last of it, was not moved."""
        for path in folder.iterdir():
            target = self._root / path.name
            if target.exists() or target.is_symlink():  # dropped anew meanwhile
                path.unlink()
            else:
                path.rename(target)
        folder.rmdir()

    def has_arrived(self, token: str, spool: Spool) -> bool:
        """Whether the .changes of *token* waits in the *spool*."""
        names = (path.name for path in (self._taken / token).glob("*.changes"))
        return any(
            each.token == token for name in names for each in spool.named(PlainFilename(name))
        )

    def settle(self, token: str, place: str, why: str = "") -> None:
        """Move it to the folder *place* beside, with a note of *why*; to none: delete it."""
        folder = self._taken / PlainFilename(token)
        if place:
            target = self._root / place
            target.mkdir(exist_ok=True)
            for path in sorted(folder.iterdir()):
                path.replace(target / path.name)
                if why and path.suffix == ".changes":
                    (target / f"{path.name}.why").write_text(f"{why}\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)


def _bring(path: Path, spool: Spool, token: str | None = None) -> Arrival:
    with _open(path) as stream, spool.open_part(token) as part:
        while block := stream.read(_BLOCK_BYTES):
            part.write(block)
        return part.commit(PlainFilename(path.name))


def _open(path: Path) -> BinaryIO:
    """A regular file; a link could lead to what only we may read. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    stream = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        stream.close()
        raise OSError(f"{path.name} is no regular file")
    return stream


def _stamp(path: Path) -> _Stamp | None:
    """What is another once a regular file has changed."""
    try:
        status = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def _read_changes(path: Path) -> Changes:
    with _open(path) as stream:
        return parse_changes(text_of(stream.read(_MAX_CONTROL_BYTES + 1)))
