"""Whether a change of a suite makes something uninstallable that was installable."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from mini_buildd.db.models import Base
from mini_buildd.deb.names import Architecture
from mini_buildd.domain import installability
from mini_buildd.domain.installability import Broken
from mini_buildd.domain.problem import CheckImpossible
from mini_buildd.flow.base_lists import base_packages
from mini_buildd.flow.site import Site
from mini_buildd.kit.process import CommandFailed, run_following
from mini_buildd.tools import dose


def newly_broken(
    site: Site,
    base: Base,
    architecture: Architecture,
    before: Iterable[str],
    after: Iterable[str],
) -> tuple[Broken, ...]:
    """What on *architecture* cannot be installed after a change and could be before it, sorted.

    *before* and *after* are the paragraphs in Packages (no udebs) of the suite and of what it sees
    besides its base; *before* is read only when something is broken afterwards. A newcomer that
    cannot be installed counts as well. Raises CheckImpossible. Takes seconds, and half a gigabyte
    of memory, for a base as large as Debian: not for a transaction.
    """
    lists = base_packages(site, base, architecture)
    with _new_file() as file:
        _write(file, after)
        broken_after = _check(architecture, file, lists)
    if not broken_after:
        return ()
    with _new_file() as file:
        present = _write(file, before)
        broken_before = _check(architecture, file, lists)
    return installability.newly_broken(present=present, before=broken_before, after=broken_after)


def _new_file() -> IO[str]:
    """A file without a name, so that nothing of it stays behind even when we are killed."""
    return tempfile.TemporaryFile("w+", encoding="utf-8")


def _write(file: IO[str], paragraphs: Iterable[str]) -> set[tuple[str, str]]:
    """Write a Packages index; gives package and version of all that is in it."""
    found = set()
    for paragraph in paragraphs:
        lines = list(dose.slim(f"{line}\n" for line in paragraph.split("\n") if line))
        fields = dict(line.split(":", 1) for line in lines)
        found.add((fields["Package"].strip(), fields["Version"].strip()))
        file.writelines([*lines, "\n"])
    file.flush()
    return found


def _check(architecture: Architecture, file: IO[str], lists: Iterable[Path]) -> tuple[Broken, ...]:
    name = f"/proc/{os.getpid()}/fd/{file.fileno()}"
    told: list[str] = []
    try:
        run_following(
            dose.command(architecture=architecture, checked=[name], known=lists), told.append
        )
    except CommandFailed as error:
        if error.status != dose.STATUS_BROKEN:
            raise _impossible(error.status, error.said.strip() or str(error)) from None
    try:
        return dose.read_result(told)
    except dose.MalformedResult as error:
        raise _impossible(dose.STATUS_BROKEN, str(error)) from None


def _impossible(status: int, found: str) -> CheckImpossible:
    hints = {
        dose.STATUS_NOT_INSTALLED: f"apt install {dose.PACKAGE}",
        dose.STATUS_TOO_LONG: "It did not come to an end: is this machine overloaded?",
    }
    return CheckImpossible(
        expected="dose-debcheck to tell which packages can be installed",
        found=found,
        hint=hints.get(status, "Mend or remove the package that it stumbles over."),
    )
