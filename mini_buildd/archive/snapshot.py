"""Snapshots as plain folders of links, which any web server serves and apt reads over file:."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from mini_buildd.archive.tree import Tree
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.kit.atomic import beside, make_folder, sync_folder


def show(tree: Tree, name: SnapshotName, versions: Mapping[DistributionName, int]) -> None:
    """Let the snapshot *name* be there with these versions of suites; again, it changes nothing."""
    final = tree.snapshot(name)
    if final.exists():
        return
    make_folder(final.parent)
    making = beside(final)
    try:
        (making / "dists").mkdir(parents=True)
        for distribution, number in versions.items():
            version = f"../../../suites/{distribution}/{number}"
            (making / "dists" / str(distribution)).symlink_to(version)
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


def shown(tree: Tree) -> set[str]:
    """The names of the snapshots that are there."""
    folder: Path = tree.root / "snapshots"
    if not folder.is_dir():
        return set()
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}
