"""What a good build was made with, and how that differs from the good build before it.

Told by the .buildinfo files in the pool, which never change and are kept in memory once read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mini_buildd.config.places import Places
from mini_buildd.db.queries.good_builds import (
    BuildinfoRow,
    buildinfo_of,
    good_buildinfo_before,
)
from mini_buildd.deb.buildinfo import installed_packages
from mini_buildd.deb.deb822 import MalformedControl

_MOST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class PackageChange:
    """A package in another version than before; None where it was or is not there."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class BuiltWith:
    """The packages by name with their versions, and what changed since the build *before*.

    *sizes* are those of the packages that the build before made, by their names.
    """

    packages: tuple[tuple[str, str], ...]
    before: BuildinfoRow | None
    changes: tuple[PackageChange, ...]
    sizes: Mapping[str, int]


def built_with(places: Places, job_id: int) -> BuiltWith | None:
    """What the job was built with; None while there is no good build of it, or nobody can tell."""
    row = buildinfo_of(job_id)
    packages = _read(places, row) if row is not None else None
    if row is None or packages is None:
        return None
    before = good_buildinfo_before(row)
    known = _read(places, before) if before is not None else None
    return BuiltWith(
        tuple(sorted(packages.items())),
        before,
        tuple(_changes(known, packages)) if known is not None else (),
        before.sizes if before is not None else {},
    )


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[PackageChange]:
    names = sorted(before.keys() | after.keys())
    found = (PackageChange(name, before.get(name), after.get(name)) for name in names)
    return [change for change in found if change.before != change.after]


def _read(places: Places, row: BuildinfoRow) -> Mapping[str, str] | None:
    """None when the file is gone, or is not one."""
    return _packages_in(places.archive / row.repository / row.path)


@lru_cache(maxsize=64)
def _packages_in(path: Path) -> Mapping[str, str] | None:
    try:
        with path.open("rb") as stream:
            return installed_packages(stream.read(_MOST_BYTES))
    except (OSError, MalformedControl):
        return None
