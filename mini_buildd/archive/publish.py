"""Publishing: the written version becomes what everybody sees, by swapping one pointer."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from mini_buildd.archive.plan import SuiteContent, sources_text
from mini_buildd.archive.sign import Signer
from mini_buildd.archive.tree import Tree
from mini_buildd.archive.write import write_version
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.kit.atomic import point, write_file

KEY_NAME = "archive-key.asc"

# A client that has read the old InRelease fetches its indexes by hash for this long at least.
_GRACE_SECONDS = 24 * 3600
_KEPT_VERSIONS = 3


def publish(tree: Tree, content: SuiteContent, signer: Signer, *, url: str) -> None:
    """Write, sign and publish *content*; *url* is where the repository's folder is served.

    Publishing a version that is published already is harmless.
    """
    tree.root.mkdir(parents=True, exist_ok=True)
    _write_if_new(tree.root / KEY_NAME, signer.public_key.encode())
    _write_if_new(
        tree.root / f"{content.distribution}.sources",
        sources_text(
            url=url,
            distribution=content.distribution,
            components=content.components,
            key=signer.public_key,
        ),
    )
    if tree.published(content.distribution) == content.number:
        return
    write_version(tree, content, signer)
    pointer = tree.pointer(content.distribution)
    pointer.parent.mkdir(exist_ok=True)
    point(pointer, f"../suites/{content.distribution}/{content.number}")


def _write_if_new(path: Path, data: bytes) -> None:
    if not path.exists() or path.read_bytes() != data:
        write_file(path, data)


def prune(tree: Tree, distribution: DistributionName) -> None:
    """Remove old versions, and indexes that no version has any more, once nobody can need them."""
    published = tree.published(distribution)
    if published is None:
        return
    before = time.time() - _GRACE_SECONDS
    for number, folder in _versions(tree.suite(distribution)):
        if number <= published - _KEPT_VERSIONS and folder.stat().st_mtime < before:
            shutil.rmtree(folder)
    for folder in (tree.root, tree.pointer(distribution).parent, tree.suite(distribution)):
        _remove_leftovers(folder, before)
    for blob in os.scandir(tree.blobs(distribution)):
        status = blob.stat()
        # ctime: when its last further name went away.
        if status.st_nlink == 1 and status.st_ctime < before:
            Path(blob.path).unlink()


def _remove_leftovers(folder: Path, before: float) -> None:
    """Remove what a killed run has left under its passing names (kit.atomic.beside)."""
    for path in folder.glob(".*.tmp"):
        try:
            if path.lstat().st_mtime >= before:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except FileNotFoundError:  # another suite's publisher has used or removed it
            continue


def _versions(suite: Path) -> Iterator[tuple[int, Path]]:
    for folder in suite.iterdir():
        if folder.name.isdecimal():
            yield int(folder.name), folder
