"""Locks between threads and processes of one instance; each ends with who holds it.

The rows have locks of their own. These are for what lies on the disk: the command line may publish
beside the daemon.
"""

from contextlib import AbstractContextManager
from pathlib import Path

from mini_buildd.flow.site import Site
from mini_buildd.kit.lock import locked


def suite_lock(site: Site, distribution: str) -> AbstractContextManager[object]:
    """Only one writes the tree of a suite; those of different suites do not wait for each other."""
    return locked(_file(site, distribution))


def snapshots_lock(site: Site, repository: str) -> AbstractContextManager[object]:
    """Only one makes the folders of a repository's snapshots what the rows say."""
    return locked(_file(site, f"{repository}.snapshots"))


def pool_lock(
    site: Site, repository: str, *, removes: bool = False
) -> AbstractContextManager[object]:
    """From before files go into the pool until their rows are there; *removes* is alone in it.

    Else a file might be taken for one that nobody needs, between the one and the other.
    """
    return locked(_file(site, f"{repository}.pool"), is_shared=not removes)


def _file(site: Site, name: str) -> Path:
    return site.places.index_cache / f"{name}.lock"
