"""What packages the base distribution has: lists that apt downloads, kept for a day.

What is used is one file that was made whole from all lists of a base release and an architecture,
and is replaced whole. It is named by the sources it was made from, so when somebody changes the
sources, the old one is not taken for theirs.
"""

import contextlib
import fcntl
import hashlib
import logging
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from mini_buildd.db.models import Base
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.problem import CheckImpossible
from mini_buildd.flow.bootstrap import sources_of
from mini_buildd.flow.site import Site
from mini_buildd.kit.atomic import sync_file, sync_folder
from mini_buildd.kit.clock import Clock
from mini_buildd.kit.process import CommandFailed, run_following
from mini_buildd.tools import aptlists, dose

_DAY_SECONDS = 24 * 3600
_RETRY_SECONDS = 600

_log = logging.getLogger(__name__)


class _ListsEmpty(Exception):
    """The sources have nothing for the architecture."""


def base_packages(
    site: Site, base: Base, architecture: Architecture, max_age_seconds: float = _DAY_SECONDS
) -> tuple[Path, ...]:
    """Packages indexes with all that *base* has for *architecture*, as dose-debcheck reads them.

    They are brought up to date when they are older than *max_age_seconds*. When that fails, the
    older ones are given, with a warning in the log, and for some minutes it is not tried again;
    raises CheckImpossible when there are none. May take minutes: not for a transaction.
    """
    sources = aptlists.sources_text(sources_of(base))
    folder = site.places.base_lists / f"{Codename(base.codename)}-{architecture}"
    folder.mkdir(parents=True, exist_ok=True)
    made_from = hashlib.sha256(sources.encode()).hexdigest()[:16]
    final = folder / f"{made_from}.packages"
    with _locked(folder / "lock"):
        if _age(final, site.clock) > max_age_seconds:
            _refresh(site, base, architecture, final, sources)
    return (final,)


def _refresh(site: Site, base: Base, architecture: Architecture, final: Path, sources: str) -> None:
    folder, failed = final.parent, final.with_suffix(".failed")
    if final.exists() and _age(failed, site.clock) < _RETRY_SECONDS:
        return
    try:
        aptlists.prepare(folder, sources, architecture)
        run_following(aptlists.update_command(folder), lambda _: None)
        told: list[str] = []
        run_following(aptlists.files_command(folder), told.append)
        _join(aptlists.read_files(folder, told), final, site.clock)
    except (CommandFailed, OSError, _ListsEmpty) as error:
        reason = (error.said if isinstance(error, CommandFailed) else "") or str(error)
        if not final.exists():
            raise CheckImpossible(
                expected=f"the package lists of {base} for {architecture}",
                found=reason.strip(),
                hint="Look at the apt sources of the base release, and at the network.",
            ) from None
        with contextlib.suppress(OSError):  # a full disk, perhaps: then it is tried again sooner
            failed.touch()
            _date(failed, site.clock)
        age_hours = _age(final, site.clock) / 3600
        _log.warning("lists of %s, %.0f hours old, are used again: %s", base, age_hours, reason)


def _join(lists: Collection[Path], final: Path, clock: Clock) -> None:
    """Replace *final* by what is needed of all *lists*; what is left of other sources goes."""
    making = final.with_name("making")  # one at a time, since the folder is locked
    with making.open("w", encoding="utf-8") as writer:
        for path in lists:
            # Lines end at \n only, and what is not UTF-8 stands in no field that is needed.
            with path.open(encoding="utf-8", errors="replace", newline="\n") as reader:
                writer.writelines(dose.slim(reader))
                writer.write("\n")
    if making.stat().st_size <= len(lists):  # nothing but those empty lines
        raise _ListsEmpty("lists without any package")
    sync_file(making)
    _date(making, clock)
    making.rename(final)
    sync_folder(final.parent)
    for path in (*final.parent.glob("*.packages"), *final.parent.glob("*.failed")):
        if path != final and _age(path, clock) > _DAY_SECONDS:  # nobody reads it any more
            path.unlink()


def _age(path: Path, clock: Clock) -> float:
    """Seconds since *path* was made, endless when it is missing or from the future."""
    try:
        age = clock().timestamp() - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
    return age if age >= 0 else float("inf")


def _date(path: Path, clock: Clock) -> None:
    now = clock().timestamp()
    os.utime(path, (now, now))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Alone with *path*, also among other processes; the lock ends with its process."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
