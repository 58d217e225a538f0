"""Publishing: the written version becomes what everybody sees, by swapping one pointer."""

import os
import shutil
import time
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from mini_buildd.archive.plan import Content, SuiteFace, sources_text
from mini_buildd.archive.sign import Signer
from mini_buildd.archive.tree import Tree
from mini_buildd.archive.write import cache_of, is_version_of, write_face, write_version
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.kit.atomic import point, write_file

KEY_NAME = "archive-key.asc"

# A client that has read the old InRelease fetches its indexes by hash for this long at least.
_GRACE_SECONDS = 24 * 3600


def publish(
    tree: Tree,
    face: SuiteFace,
    content: Content,
    signer: Signer,
    *,
    url: str,
    valid_until: datetime | None = None,
) -> None:
    """Write, sign and publish *face*; *url* is where the repository's folder is served.

    With *valid_until* clients are shown the version signed with that end; in the version's own
    folder, which is its history, it has none. Publishing what is published already is harmless.
    """
    distribution, number = face.distribution, face.number
    tree.root.mkdir(parents=True, exist_ok=True)
    _introduce(tree, face, signer, url)
    if tree.published(distribution) == number and is_version_of(tree, face):
        return
    write_version(tree, face, content, signer)
    shown = str(number)
    if valid_until is not None:
        shown = write_face(tree, face, signer, valid_until=valid_until)
    _point(tree, distribution, shown)


def renew(
    tree: Tree, face: SuiteFace, signer: Signer, *, url: str, valid_until: datetime | None
) -> None:
    """Sign the published version *face* again, dated *face.date*, and let everybody see that."""
    _introduce(tree, face, signer, url)
    shown = write_face(tree, face, signer, valid_until=valid_until)
    _point(tree, face.distribution, shown)


def _introduce(tree: Tree, face: SuiteFace, signer: Signer, url: str) -> None:
    """What a client needs to begin: the key, and the line for apt."""
    _write_if_new(tree.root / KEY_NAME, signer.public_key.encode())
    snippet = sources_text(
        url=url, distribution=face.distribution, components=face.components, key=signer.public_key
    )
    _write_if_new(tree.root / f"{face.distribution}.sources", snippet)


def _point(tree: Tree, distribution: DistributionName, shown: str) -> None:
    pointer = tree.pointer(distribution)
    pointer.parent.mkdir(exist_ok=True)
    point(pointer, f"../suites/{distribution}/{shown}")


def _write_if_new(path: Path, data: bytes) -> None:
    if not path.exists() or path.read_bytes() != data:
        write_file(path, data)


def prune(tree: Tree, distribution: DistributionName, keep: Collection[int]) -> None:
    """Remove the versions that are not to be kept, and indexes that no version has any more.

    What is published stays, and the indexes stay for a day after the last version that had them.
    """
    shown = tree.shown(distribution)
    if not shown:
        return
    kept = {*keep, tree.published(distribution)}
    for number, folder in _versions(tree.suite(distribution)):
        is_old_face = "." in folder.name and folder.name != shown
        if number not in kept or is_old_face:
            shutil.rmtree(folder)
    before = time.time() - _GRACE_SECONDS
    for folder in (tree.root, tree.pointer(distribution).parent, tree.suite(distribution)):
        _remove_leftovers(folder, before)
    _remove_leftovers(tree.blobs(distribution), before)
    for blob in os.scandir(tree.blobs(distribution)):
        status = blob.stat()
        # ctime: when its last further name went away.
        if status.st_nlink == 1 and status.st_ctime < before and not blob.name.startswith("."):
            Path(blob.path).unlink()
    cache_of(tree, distribution).prune([number for number in kept if number is not None])


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
        number = folder.name.partition(".")[0]
        if number.isdecimal():
            yield int(number), folder
