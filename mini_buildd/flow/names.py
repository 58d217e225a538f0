"""The names of packages that a chroot's base has: made once for each of its generations."""

import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path

from mini_buildd.config.places import Places
from mini_buildd.db.models import Chroot
from mini_buildd.flow.chroot import generation_of
from mini_buildd.kit.lock import locked
from mini_buildd.tools import aptnames

_FILE = "names.sqlite"

_log = logging.getLogger(__name__)


def base_names(places: Places, chroot: Chroot) -> Path | None:
    """The file with the names that *chroot* has, for tools.aptnames; None when nobody can tell.

    The first time it takes seconds: not for a transaction.
    """
    folder = generation_of(places, chroot)
    if folder is None or not folder.is_dir():
        return None
    return make_names(folder)


def make_names(folder: Path) -> Path | None:
    """The file with the names in the generation *folder*, made when it is missing.

    None when the generation has no lists, or they cannot be read.
    """
    final = folder / _FILE
    if final.exists():
        return final
    lists = aptnames.lists_below(folder / "root")
    if not lists:
        return None
    try:
        with locked(folder / "names.lock"):
            if not final.exists():
                making = folder / f"{_FILE}.making"
                aptnames.write_names(making, aptnames.read_rows(_lines(lists)))
                making.rename(final)
    except (OSError, subprocess.CalledProcessError) as error:
        _log.warning("the names of packages in %s cannot be read: %s", folder, error)
        return None
    return final


def _lines(lists: list[Path]) -> Iterator[str]:
    for path in lists:
        if aptnames.is_plain(path):
            with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
                yield from file
        else:
            yield from _unpacked(path)
        yield "\n"


def _unpacked(path: Path) -> Iterator[str]:
    command = aptnames.cat_command(path)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        yield from process.stdout or ()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
