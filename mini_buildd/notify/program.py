"""Programs of the administrator's that are run for events: which may be, and running one."""

import os
import selectors
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from re import compile as pattern

_NAME = pattern(r"[A-Za-z0-9_-]+")  # as run-parts has it: no editor's leavings, no .dpkg-old
_MOST_OUTPUT_BYTES = 4096
_LOOK_SECONDS = 0.2
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class RunStopped(Exception):
    """The daemon is to end; the program is run again the next time."""


@dataclass(frozen=True, slots=True)
class Program:
    """An executable file; *name* is its path below the folder, *kind* of which events it hears."""

    name: str
    path: Path
    kind: str = ""
    fault: str = ""
    """Why it is not run."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended: *status* is None when it was ended because it took too long."""

    status: int | None
    output: str
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether it says that it has done its work."""
        return self.status == 0


def find_programs(folder: Path) -> tuple[Program, ...]:
    """What is in *folder*, and in folders of it that are named after a kind of event."""
    return tuple(_found(folder, folder))


def _found(top: Path, folder: Path, kind: str = "") -> Iterator[Program]:
    """What is in *folder*; one that cannot be looked into is itself what has a fault."""
    try:
        for path in sorted(folder.iterdir()):
            if folder == top and path.is_dir():
                yield from _found(top, path, path.name)
            else:
                with suppress(FileNotFoundError):  # it was removed meanwhile
                    yield from _program(top, path, kind)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        yield Program(folder.name, folder, kind, f"{folder} cannot be read: {error.strerror}")


def _is_one(path: Path) -> bool:
    return _NAME.fullmatch(path.name) is not None and path.is_file() and os.access(path, os.X_OK)


def _program(top: Path, path: Path, kind: str) -> Iterator[Program]:
    if _is_one(path):
        faults = (fault for each in {top, path.parent, path} if (fault := _fault(each)))
        yield Program(str(path.relative_to(top)), path, kind, next(faults, ""))


def _fault(path: Path) -> str:
    """Why nobody may trust what *path* is: who else than we and root could have written it."""
    found = path.stat()
    if found.st_uid not in (0, os.geteuid()):
        return f"{path} belongs to neither root nor the account of the daemon"
    if found.st_mode & _OTHERS_WRITE:
        return f"{path} can be written by others than its owner"
    return ""


class Runner:
    """Runs programs, each in bounded time and in a session of its own; for any threads."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._guard = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_stopped = False

    def stop(self) -> None:
        """End what runs, and run nothing more."""
        with self._guard:
            self._is_stopped = True
            for each in self._running:
                _end(each)

    def run(self, program: Path, environment: Mapping[str, str], given: bytes) -> Run:
        """Run *program* with *given* as its input. Raises RunStopped, and OSError if it cannot."""
        begun = time.monotonic()
        with tempfile.TemporaryFile() as file:
            file.write(given)
            file.seek(0)
            with self._guard:
                if self._is_stopped:
                    raise RunStopped
                process = subprocess.Popen(
                    [program],
                    stdin=file,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    env=dict(environment),
                    cwd="/",
                    start_new_session=True,
                )
                self._running.add(process)
        try:
            with process:
                output, is_late = _follow(process, begun + self._seconds)
                _end(process)
        finally:
            with self._guard:
                self._running.discard(process)
        if self._is_stopped:
            raise RunStopped
        status = None if is_late else process.returncode
        return Run(status, output.decode(errors="replace"), time.monotonic() - begun)


def _follow(process: subprocess.Popen[bytes], end: float) -> tuple[bytes, bool]:
    """The last of what it writes, and whether it was still at work at *end*."""
    output = b""
    if process.stdout is None:  # pragma: no cover  # it was asked for
        raise AssertionError(process)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < end:
            if selector.select(_LOOK_SECONDS):
                data = os.read(process.stdout.fileno(), 1 << 16)
                if not data:
                    break
                output = (output + data)[-_MOST_OUTPUT_BYTES:]
            elif process.poll() is not None:  # something that it has left behind holds the pipe
                break
    with suppress(subprocess.TimeoutExpired):
        process.wait(max(end - time.monotonic(), 0))
    return output, process.poll() is None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of it goes on."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
