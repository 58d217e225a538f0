"""Files into a repository's pool, before the transaction that makes them count."""

from pathlib import Path

from mini_buildd.archive import pool
from mini_buildd.db.models import PoolFile, Repository
from mini_buildd.flow.site import Site


def store(site: Site, repository: Repository, path: str, source: Path, *, sha256: str) -> None:
    """Let *path* of the pool hold the bytes of *source*; raises archive.pool.PoolConflict.

    A file that no row names is what a crash, or a refusal half-way, has left: it gives way, or its
    name could never be used again. Call it with the pool_lock held until the row is there.
    """
    tree = site.tree(repository.name)
    try:
        pool.add(tree, path, source, sha256=sha256)
    except pool.PoolConflict:
        if PoolFile.objects.filter(repository=repository, path=path, removed_at=None).exists():
            raise
        pool.remove(tree, path)
        pool.add(tree, path, source, sha256=sha256)
