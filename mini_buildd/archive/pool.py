"""Files into the pool: prepared before the transaction that makes them count.

A file in the pool that no row names is invisible, since no index leads to it.
"""

from pathlib import Path

from mini_buildd.archive.tree import Tree
from mini_buildd.kit.atomic import place
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
