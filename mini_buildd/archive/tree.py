"""Where everything lies in the published tree of one repository.

    pool/<component>/<prefix>/<source>/<file>
    changelogs/<component>/<prefix>/<source>/<source>_<version>_changelog
    suites/<distribution>/<number>/…            one version of a suite, never changed again
    suites/<distribution>/<number>.<moment>/    the same version, signed again or with an end
    suites/<distribution>/by-hash/SHA256/<hex>  the indexes of all its versions
    suites/<distribution>/versions              which version was published when
    dists/<distribution> -> ../suites/<distribution>/<number>
    snapshots/<name>/dists/<distribution>       the versions of a snapshot, with a link to the pool
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
    """The folder of one repository, and where what only saves time is kept, outside of it."""

    root: Path
    cache: Path

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

    def shown(self, distribution: DistributionName) -> str:
        """The folder's name that the pointer leads to; empty when nothing is published."""
        pointer = self.pointer(distribution)
        return pointer.readlink().name if pointer.is_symlink() else ""

    def published(self, distribution: DistributionName) -> int | None:
        """The number of the version that is published; None when none is."""
        number = self.shown(distribution).partition(".")[0]
        return int(number) if number else None

    def snapshot(self, name: str) -> Path:
        """A snapshot, by a name that was parsed."""
        return self.root / "snapshots" / name


def pool_folder(component: Component, source: SourceName) -> str:
    """The folder of a source package and its binaries, relative to the repository's root."""
    return f"pool/{component}/{pool_prefix(source)}/{source}"


def pool_path(component: Component, source: SourceName, name: PlainFilename) -> str:
    """The path of one file of it."""
    return f"{pool_folder(component, source)}/{name}"


def changelog_path(component: Component, source: SourceName, version: str) -> str:
    """The path of a source package's changelog, as apt's @CHANGEPATH@ asks for it.

    *version* is without its epoch (apt-pkg/acquire-item.cc says so of what it asks for).
    """
    return f"changelogs/{component}/{pool_prefix(source)}/{source}/{source}_{version}_changelog"
