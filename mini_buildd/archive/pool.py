"""Files into the pool: prepared before the transaction that makes them count.

A file in the pool that no row names is invisible, since no index leads to it.
"""

import contextlib
import errno
from pathlib import Path

from mini_buildd.archive.tree import Tree
from mini_buildd.kit.atomic import beside, place, sync_folder
from mini_buildd.kit.hashing import hash_file


class PoolConflict(Exception):
    """The pool has another file of that name."""

    def __init__(self, path: str, sha256: str) -> None:
        super().__init__(f"{path} is there already with SHA-256 {sha256}")
        self.path = path
        self.sha256 = sha256


def add(tree: Tree, path: str, source: Path, *, sha256: str) -> None:
    """Let *path* of the pool hold the bytes of *source*, whose digest is *sha256*.

    Adding the same file again is harmless; raises PoolConflict when it is another.
    """
    target = tree.root / path
    if not place(source, target):
        present = hash_file(target).sha256
        if present != sha256:
            raise PoolConflict(path, present)
    # Links share the mode; what is published is read by everyone and changed by nobody.
    target.chmod(0o444)


def remove(tree: Tree, path: str) -> None:
    """Let *path* of the pool be free again; that nothing names it is the caller's part to know."""
    (tree.root / path).unlink(missing_ok=True)


def let_go(tree: Tree, path: str) -> None:
    """The same, with the folders that are empty by that, and the changelog of a .dsc.

    Nobody may be adding files meanwhile.
    """
    remove(tree, path)
    _remove_empty(tree, (tree.root / path).parent)
    if path.endswith(".dsc"):
        changelog = tree.root / changelog_of(path)
        changelog.unlink(missing_ok=True)
        _remove_empty(tree, changelog.parent)


def changelog_of(dsc_path: str) -> str:
    """Where the changelog of that source package is served (archive.tree.changelog_path)."""
    return f"changelogs/{dsc_path.removeprefix('pool/').removesuffix('.dsc')}_changelog"


def _remove_empty(tree: Tree, folder: Path) -> None:
    """Remove *folder* and those above it that are empty, but not the pool itself."""
    try:
        while folder.parent != tree.root:
            folder.rmdir()
            folder = folder.parent
    except FileNotFoundError:
        pass
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise


def replace(tree: Tree, path: str, source: Path) -> None:
    """Let *path* of the pool hold the bytes of *source*, whatever it holds now."""
    target = tree.root / path
    passing = beside(target)
    try:
        place(source, passing)
        passing.chmod(0o444)
        passing.rename(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            passing.unlink()
    sync_folder(target.parent)
