"""Snapshots as plain folders of links, which any web server serves and apt reads over file:."""

import contextlib
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
