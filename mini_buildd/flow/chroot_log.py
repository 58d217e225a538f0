"""What is said while a chroot is made: kept in a file, so that pages can show it as it grows.

A line that begins with "== " is a step, with the seconds since the beginning; all others are the
words of the tools. The file of the last time stays until it is made again.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mini_buildd.config.places import Places
from mini_buildd.db.models import Chroot
from mini_buildd.kit.clock import Clock
from mini_buildd.kit.commands import Say
from mini_buildd.tools.log_plain import plain

_BEGUN = re.compile(r"== begun (\S+)")
_STEP = re.compile(r"== *([0-9]+\.[0-9]) s  (.*)")
_TAIL_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Told:
    """A step that was begun after so many *seconds*."""

    seconds: float
    step: str


@dataclass(frozen=True, slots=True)
class ChrootLog:
    """What was said the last time; *text* is the end of it."""

    begun_at: datetime | None = None
    steps: tuple[Told, ...] = ()
    text: str = ""


def log_path(places: Places, codename: str, architecture: str) -> Path:
    """Where the log of that chroot is, once it was made or tried to be."""
    return places.chroots / f"{codename}-{architecture}.log"


@contextmanager
def writing_log(
    places: Places, clock: Clock, chroot: Chroot, say: Say
) -> Iterator[tuple[Say, Say]]:
    """Begin the log anew; gives what to tell steps, which *say* hears too, and what to tell else.

    What ends it too soon is its last line.
    """
    path = log_path(places, chroot.base.codename, chroot.architecture)
    path.unlink(missing_ok=True)
    began = time.monotonic()
    with path.open("x", encoding="utf-8", buffering=1) as stream:
        path.chmod(0o600)  # addresses of mirrors may hold passwords
        stream.write(f"== begun {clock().isoformat(timespec='seconds')}\n")

        def hear(line: str) -> None:
            stream.write(f"{line}\n")

        def tell(step: str) -> None:
            hear(f"== {time.monotonic() - began:7.1f} s  {step}")
            say(step)

        try:
            yield tell, hear
        except BaseException as error:
            hear(f"== {time.monotonic() - began:7.1f} s  ended: {_first_line(error)}")
            raise
        hear(f"== {time.monotonic() - began:7.1f} s  done")


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def read_log(places: Places, codename: str, architecture: str) -> ChrootLog:
    """What the log has by now; all is empty where there is none."""
    path = log_path(places, codename, architecture)
    try:
        with path.open("rb") as stream:
            first = stream.readline()
            size = path.stat().st_size
            if size > _TAIL_BYTES:
                stream.seek(size - _TAIL_BYTES)
                stream.readline()  # what is left of a line
            rest = stream.read()
    except FileNotFoundError:
        return ChrootLog()
    begun = _BEGUN.match(first.decode("utf-8", "replace"))
    lines = [plain(line) for line in rest.decode("utf-8", "replace").split("\n")]
    return ChrootLog(
        datetime.fromisoformat(begun.group(1)) if begun else None,
        tuple(
            Told(float(found.group(1)), found.group(2))
            for found in map(_STEP.match, lines)
            if found is not None
        ),
        "\n".join(lines),
    )
