"""Where everything lies in the published tree of one repository.

    pool/<component>/<prefix>/<source>/<file>
    suites/<distribution>/<number>/…            one version of a suite, never changed again
    suites/<distribution>/by-hash/SHA256/<hex>  the indexes of all its versions
    dists/<distribution> -> ../suites/<distribution>/<number>
    archive-key.asc, <distribution>.sources

The link under dists/ is the pointer: swapping it publishes. All is plain files and relative links,
so apt reads the tree over file: as well, and any web server can serve it.
"""

from dataclasses import dataclass
from pathlib import Path

from mini_buildd.deb.names import Component, PlainFilename, SourceName, pool_prefix
from mini_buildd.domain.distribution import DistributionName


@dataclass(frozen=True, slots=True)
class Tree:
    """The folder of one repository."""

    root: Path

    def suite(self, distribution: DistributionName) -> Path:
        """All versions of one suite."""
        return self.root / "suites" / str(distribution)

    def version(self, distribution: DistributionName, number: int) -> Path:
        """One version of a suite."""
        return self.suite(distribution) / str(number)

    def blobs(self, distribution: DistributionName) -> Path:
        """The indexes of a suite by their SHA-256."""
        return self.suite(distribution) / "by-hash" / "SHA256"

    def pointer(self, distribution: DistributionName) -> Path:
        """The link that says which version is published."""
        return self.root / "dists" / str(distribution)

    def published(self, distribution: DistributionName) -> int | None:
        """The number of the version that is published; None when none is."""
        pointer = self.pointer(distribution)
        return int(pointer.readlink().name) if pointer.is_symlink() else None


def pool_folder(component: Component, source: SourceName) -> str:
    """The folder of a source package and its binaries, relative to the repository's root."""
    return f"pool/{component}/{pool_prefix(source)}/{source}"


def pool_path(component: Component, source: SourceName, name: PlainFilename) -> str:
    """The path of one file of it."""
    return f"{pool_folder(component, source)}/{name}"
