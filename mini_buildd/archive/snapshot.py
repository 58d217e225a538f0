"""Snapshots as plain folders of links, which any web server serves and apt reads over file:."""

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from mini_buildd.archive.tree import Tree
from mini_buildd.deb.names import MalformedName
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.kit.atomic import beside, make_folder, sync_folder


def show(tree: Tree, name: SnapshotName, versions: Mapping[DistributionName, int]) -> None:
    """Let the snapshot *name* be there with these versions of suites; again, it changes nothing.

    One with other versions gives way: a crash may have left it of a snapshot that was dropped.
    """
    final = tree.snapshot(name)
    links = {
        str(distribution): f"../../../suites/{distribution}/{number}"
        for distribution, number in versions.items()
    }
    if final.exists():
        if _links(final / "dists") == links:
            return
        hide(tree, name)
    make_folder(final.parent)
    making = beside(final)
    try:
        (making / "dists").mkdir(parents=True)
        for distribution, version in links.items():
            (making / "dists" / distribution).symlink_to(version)
        for shared in ("pool", "changelogs"):
            (making / shared).symlink_to(f"../../{shared}")
        sync_folder(making / "dists")
        sync_folder(making)
        making.rename(final)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    sync_folder(final.parent)


def hide(tree: Tree, name: SnapshotName) -> None:
    """Let the snapshot *name* be gone; it is links only, so nothing else goes with it."""
    final = tree.snapshot(name)
    if final.exists():
        going = beside(final)
        final.rename(going)
        sync_folder(final.parent)
        shutil.rmtree(going)


def tidy(tree: Tree) -> None:
    """Remove what a killed run has left under its passing names (kit.atomic.beside).

    For whoever alone writes the snapshots of *tree*.
    """
    for path in _folder(tree).glob(".*.tmp"):
        shutil.rmtree(path)


def shown(tree: Tree) -> set[SnapshotName]:
    """The names of the snapshots that are there; what is called otherwise is not ours."""
    names = set()
    for path in _folder(tree).glob("*"):
        with contextlib.suppress(MalformedName):
            names.add(SnapshotName(path.name))
    return names


def _folder(tree: Tree) -> Path:
    return tree.root / "snapshots"


def _links(folder: Path) -> dict[str, str]:
    return {path.name: str(path.readlink()) for path in folder.glob("*") if path.is_symlink()}


def entries(tree: Tree) -> set[str]:
    """The names of all that is there, ours or not, but for what is being made."""
    return {path.name for path in _folder(tree).glob("[!.]*")}


def remove(tree: Tree, name: str) -> None:
    """Remove whatever has that name there, so that it can be made again."""
    final = tree.root / "snapshots" / name
    if final.is_dir() and not final.is_symlink():
        going = beside(final)
        final.rename(going)
        shutil.rmtree(going)
    else:
        final.unlink(missing_ok=True)


def links(tree: Tree, name: str) -> dict[str, int] | None:
    """The versions of suites that the folder of a snapshot leads to; None when there is none.

    A link that leads elsewhere, or nowhere, counts as version 0.
    """
    folder = tree.root / "snapshots" / name
    if not os.path.lexists(folder):
        return None
    found = {}
    suites = folder / "dists"
    for link in sorted(suites.iterdir()) if suites.is_dir() else ():
        number = link.resolve().name
        wanted = tree.root / "suites" / link.name / number
        leads_there = link.resolve() == wanted.resolve() and wanted.is_dir()
        found[link.name] = int(number) if leads_there and number.isdecimal() else 0
    shared = ("pool", "changelogs")
    if not all((folder / each).is_symlink() for each in shared):
        found["links to " + " and ".join(shared)] = 0
    return found
