"""Sees what is written, and where, while an input is taken: an audit hook of Python (PEP 578)."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Which of an event's arguments are paths that it changes, each with the one that says which folder
# it is relative to (Python's table of audit events).
_PATHS = {
    "os.chmod": ((0, 2),),
    "os.link": ((0, 2), (1, 3)),
    "os.mkdir": ((0, 2),),
    "os.remove": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)),
    "os.rmdir": ((0, 1),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
    "os.utime": ((0, 3),),
}
_FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.startfile", "socket.connect", "exec")


class Outside(PermissionError):
    """Something outside the one folder was to be changed; the change did not happen."""


class Guard:
    """While it watches, whatever is to be changed outside of *folder* is noted, and refused.

    Programs that are run are watched no further. A hook cannot be removed, so there is one for all
    guards of a process.
    """

    _active: "Guard | None" = None
    _is_hooked = False

    def __init__(self, folder: Path) -> None:
        self._folder = os.path.realpath(folder)
        self._thread = 0
        self.seen: list[str] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the thread that calls."""
        if not Guard._is_hooked:
            Guard._is_hooked = True
            sys.addaudithook(_hook)
        self.seen = []
        self._thread, Guard._active = threading.get_ident(), self
        try:
            yield
        finally:
            Guard._active = None

    def note(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at one event; raises Outside."""
        if threading.get_ident() != self._thread:
            return
        if event == "open":
            path, _, flags = arguments
            paths = [path] if isinstance(flags, int) and flags & _WRITES else []
        elif event in _FORBIDDEN and not (event == "exec" and _is_of_python(arguments[0])):
            self._refuse(event, repr(arguments)[:200])
            return
        else:
            paths = [
                _whole(arguments[index], None if folder is None else arguments[folder])
                for index, folder in _PATHS.get(event, ())
            ]
        for path in paths:
            if isinstance(path, str | bytes | os.PathLike) and not self._is_inside(event, path):
                self._refuse(event, repr(path))

    def _is_inside(self, event: str, path: Any) -> bool:
        """Whether it lies below the folder, once links and dots are followed."""
        text = os.fsdecode(path)
        parent = os.path.realpath(os.path.dirname(text))  # noqa: PTH120  # quicker, and called for each input
        is_inside = text == "/dev/null" or f"{parent}/".startswith(f"{self._folder}/")
        # A folder that is opened to be written to gets a file without a name (O_TMPFILE).
        return is_inside or (event == "open" and os.path.isdir(text))  # noqa: PTH112  # quicker

    def _refuse(self, event: str, what: str) -> None:
        self.seen.append(f"{event} {what}")
        raise Outside(f"{event} {what}")


def _whole(path: Any, folder: int | None) -> Any:
    """*path*, which may be relative to an open *folder*."""
    if isinstance(path, int) or folder is None or folder < 0:
        return path
    return os.path.join(f"/proc/self/fd/{folder}", os.fsdecode(path))  # noqa: PTH118  # quicker


def _is_of_python(code: Any) -> bool:
    """Modules that are imported late, and the classes that the library itself makes by exec."""
    name = str(getattr(code, "co_filename", ""))
    return name.startswith((sys.prefix, sys.base_prefix, "<string>", "<frozen"))


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    guard = Guard._active
    if guard is not None:
        guard.note(event, arguments)
