"""Locks between threads and processes of one instance; each ends with who holds it.

The rows have locks of their own. These are for what lies on the disk: the command line may publish
beside the daemon.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mini_buildd.flow.site import Site


@contextmanager
def suite_lock(site: Site, distribution: str) -> Iterator[None]:
    """Only one writes the tree of a suite; those of different suites do not wait for each other."""
    with _locked(site.places.index_cache / f"{distribution}.lock", fcntl.LOCK_EX):
        yield


@contextmanager
def snapshots_lock(site: Site, repository: str) -> Iterator[None]:
    """Only one makes the folders of a repository's snapshots what the rows say."""
    with _locked(site.places.index_cache / f"{repository}.snapshots.lock", fcntl.LOCK_EX):
        yield


@contextmanager
def pool_lock(site: Site, repository: str, *, removes: bool = False) -> Iterator[None]:
    """From before files go into the pool until their rows are there; *removes* is alone in it.

    Else a file might be taken for one that nobody needs, between the one and the other.
    """
    kind = fcntl.LOCK_EX if removes else fcntl.LOCK_SH
    with _locked(site.places.index_cache / f"{repository}.pool.lock", kind):
        yield


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)
