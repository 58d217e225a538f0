"""A full disk is told as what it is, with what to do, whichever verb met it."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from mini_buildd.config.places import Places
from mini_buildd.domain.problem import DiskFull, Problem
from mini_buildd.flow.site import Site
from mini_buildd.kit.full_disk import free_bytes, is_full_disk

# With less than this nothing works any more, and some programs fail without saying why.
_NO_ROOM_BYTES = 1 << 20

P = ParamSpec("P")
R = TypeVar("R")


def tells_full_disk(
    verb: Callable[Concatenate[Site, P], R],
) -> Callable[Concatenate[Site, P], R]:
    """*verb*, which raises DiskFull where it would have raised whatever a full disk makes."""

    @functools.wraps(verb)
    def told(site: Site, /, *arguments: P.args, **named: P.kwargs) -> R:
        try:
            return verb(site, *arguments, **named)
        except DiskFull:
            raise
        except Exception as error:
            # A refusal may be one because a copy of what was to be judged could not be made.
            folder, free = _fullest(site.places)
            is_mute = free < _NO_ROOM_BYTES and not isinstance(error, Problem)
            if not is_full_disk(error) and not is_mute:
                raise
            raise DiskFull(
                expected=f"room on the disk of {folder}",
                found=f"{free >> 10} KiB",
                hint="Make room there: what was decided is then published by itself.",
            ) from error

    return told


def _fullest(places: Places) -> tuple[Path, int]:
    """Where there is the least room, and how much; each folder may lie on a disk of its own."""
    folders = (places.home, places.archive, places.index_cache, places.spool, places.gnupg)
    return min(((each, free_bytes(each)) for each in folders), key=lambda found: found[1])
