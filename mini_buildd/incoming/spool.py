"""The spool: files as they arrive, until an upload is complete.

    parts/<token>                 being received
    files/<file name>/<token>     arrived whole, as far as the wire can tell
    uploads/<token>/<file name>   one complete upload, waiting to be accepted
    aims/<token>                  what the Distribution of an arrived .changes stands for, if not
                                  for itself

Nobody can overwrite what somebody else sent: each arrival is kept under its own random token, and
the signed .changes picks, by size and SHA-256, which of the files of a name it means.
"""

import contextlib
import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from mini_buildd.deb.names import PlainFilename
from mini_buildd.kit.atomic import place, sync_folder, write_file
from mini_buildd.kit.hashing import sha256_of
from mini_buildd.kit.pieces import write_pieces

# What a file takes beside its own bytes; so that there are bounds on empty ones as well.
ENTRY_BYTES = 4096


class SpoolFull(Exception):
    """The file, or the spool, would grow past its bound."""

    def __init__(self, text: str, *, is_file: bool = False) -> None:
        super().__init__(text)
        self.is_file = is_file


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file that arrived; *token* tells it from others of the same name."""

    name: PlainFilename
    token: str
    path: Path


class Part:
    """A file while it is received; it counts once committed, and vanishes when closed before."""

    def __init__(self, spool: "Spool", path: Path) -> None:
        self._spool = spool
        self._path = path
        spool.claim(ENTRY_BYTES, 0)
        try:
            self._stream = path.open("xb", buffering=0)
        except OSError:
            spool.release(ENTRY_BYTES)
            raise
        self._size_bytes = 0

    @property
    def token(self) -> str:
        """What it will be told by once it has arrived."""
        return self._path.name

    def write(self, data: bytes | memoryview) -> None:
        """Append *data*; raises SpoolFull, OSError."""
        self.claim(len(data))
        self.append([data])

    def claim(self, more_bytes: int) -> None:
        """Count what will be appended; raises SpoolFull."""
        self._spool.claim(more_bytes, self._size_bytes + more_bytes)
        self._size_bytes += more_bytes

    def append(self, pieces: Sequence[bytes | memoryview]) -> None:
        """Append *pieces*, which were claimed; raises OSError."""
        write_pieces(self._stream.fileno(), pieces)

    def sync(self) -> None:
        """Make the bytes durable, so that the commit has little left to do."""
        os.fsync(self._stream.fileno())

    def sha256(self) -> str:
        """Of what was received, in lower-case hex."""
        return sha256_of(self._path)

    def commit(self, name: PlainFilename) -> Arrival:
        """Make what was received durable, under *name*."""
        os.fsync(self._stream.fileno())
        self._stream.close()
        return self._spool.take(self._path, name)

    def abort(self) -> None:
        """Forget what was received."""
        self._stream.close()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
            self._spool.release(ENTRY_BYTES + self._size_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._stream.closed:
            self.abort()


class Spool:
    """The folder *root* and the bounds on what may lie in it."""

    def __init__(self, root: Path, *, max_file_bytes: int, max_spool_bytes: int) -> None:
        self._parts, self._files, self._uploads, self._aims = (
            root / name for name in ("parts", "files", "uploads", "aims")
        )
        self._max_file_bytes = max_file_bytes
        self._max_spool_bytes = max_spool_bytes
        # The servers' thread and those of the pool meet here.
        self._lock = threading.Lock()
        # For what the disk may take long for: the servers' thread never waits for this one.
        self._folder_lock = threading.Lock()
        for folder in (self._parts, self._files, self._uploads, self._aims):
            folder.mkdir(parents=True, exist_ok=True)
        self._used_bytes = sum(
            ENTRY_BYTES + status.st_size for _, status in self._arrivals_with_status()
        )

    @property
    def max_file_bytes(self) -> int:
        """What one file may have."""
        return self._max_file_bytes

    # --- receiving ---------------------------------------------------------

    def drop_parts(self) -> None:
        """Remove what was being received; nobody goes on with it after a restart of the servers.

        For whoever runs the servers: beside them it would be what they are receiving.
        """
        for part in self._parts.iterdir():
            part.unlink()

    def open_part(self, token: str | None = None) -> Part:
        """Begin to receive a file, which is told by *token* then; raises SpoolFull, OSError."""
        return Part(self, self._parts / PlainFilename(token or secrets.token_hex(16)))

    def aim(self, token: str, suites: Mapping[str, str]) -> None:
        """Note what the Distribution of the .changes that will arrive as *token* stands for."""
        write_file(self._aims / PlainFilename(token), json.dumps(dict(suites)).encode())

    def aim_of(self, arrival: Arrival) -> Mapping[str, str]:
        """What was noted of *arrival*; mostly nothing."""
        try:
            found: dict[str, str] = json.loads((self._aims / arrival.token).read_bytes())
        except FileNotFoundError:
            return {}
        return found

    def claim(self, more_bytes: int, file_bytes: int) -> None:
        """Count *more_bytes* of a file that then has *file_bytes*; raises SpoolFull."""
        if file_bytes > self._max_file_bytes:
            text = f"a file may have at most {self._max_file_bytes} bytes"
            raise SpoolFull(text, is_file=True)
        with self._lock:
            if self._used_bytes + more_bytes > self._max_spool_bytes:
                raise SpoolFull("there is no room in the spool; try again later")
            self._used_bytes += more_bytes

    def count(self, size_bytes: int) -> None:
        """Count what is there already, whatever the bounds."""
        with self._lock:
            self._used_bytes += size_bytes

    def release(self, size_bytes: int) -> None:
        """Count *size_bytes* as gone."""
        with self._lock:
            self._used_bytes = max(0, self._used_bytes - size_bytes)

    def take(self, part: Path, name: PlainFilename) -> Arrival:
        """Move a received part to where arrivals lie."""
        folder = self._files / name
        target = folder / part.name
        with self._folder_lock:
            folder.mkdir(exist_ok=True)
            part.rename(target)
        with contextlib.suppress(FileNotFoundError):  # somebody has used and dropped it already
            sync_folder(folder)
        sync_folder(self._files)
        return Arrival(name, target.name, target)

    # --- finding and gathering ----------------------------------------------

    def changes(self) -> list[Arrival]:
        """The .changes that wait, oldest first."""
        found = [
            (status.st_mtime_ns, each.token, each)
            for each, status in self._arrivals_with_status()
            if each.name.endswith(".changes")
        ]
        return [each for _, _, each in sorted(found, key=lambda item: item[:2])]

    def named(self, name: PlainFilename) -> list[Arrival]:
        """All arrivals of that name."""
        return [Arrival(name, path.name, path) for path in _entries(self._files / name)]

    def gather(self, token: str, files: Iterable[Arrival]) -> Path:
        """Bring *files* together as the upload *token*; its folder is the answer."""
        folder = self.upload(token)
        folder.mkdir(exist_ok=True)
        for arrival in files:
            place(arrival.path, folder / arrival.name)
        sync_folder(self._uploads)
        return folder

    def upload(self, token: str) -> Path:
        """The folder of the gathered upload *token*."""
        return self._uploads / PlainFilename(token)

    def drop_upload(self, token: str) -> None:
        """Remove a gathered upload."""
        shutil.rmtree(self.upload(token), ignore_errors=True)

    def old_uploads(self, keep_seconds: int) -> list[str]:
        """The gathered uploads that lie there for longer than *keep_seconds*."""
        before = time.time() - keep_seconds
        return [path.name for path in _entries(self._uploads) if path.stat().st_mtime < before]

    def drop(self, arrivals: Iterable[Arrival]) -> None:
        """Remove arrivals; those that are gone already do not matter."""
        for arrival in arrivals:
            with contextlib.suppress(FileNotFoundError):
                size_bytes = arrival.path.stat().st_size
                arrival.path.unlink()
                self.release(ENTRY_BYTES + size_bytes)
            (self._aims / arrival.token).unlink(missing_ok=True)
            with self._folder_lock, contextlib.suppress(OSError):
                arrival.path.parent.rmdir()  # only when it is empty

    def expire(self, keep_seconds: int) -> int:
        """Remove arrivals older than *keep_seconds*; returns how many."""
        before = time.time() - keep_seconds
        old = [each for each, status in self._arrivals_with_status() if status.st_mtime < before]
        self.drop(old)
        return len(old)

    def _arrivals_with_status(self) -> Iterator[tuple[Arrival, os.stat_result]]:
        """What is there; others may drop some of it meanwhile."""
        for folder in _entries(self._files):
            for path in _entries(folder):
                try:
                    status = path.stat()
                except FileNotFoundError:
                    continue
                yield Arrival(PlainFilename(folder.name), path.name, path), status


def _entries(folder: Path) -> list[Path]:
    """What is in *folder*, which may be gone; by name."""
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []
