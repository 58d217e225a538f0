"""Which concrete architecture a wildcard such as any or linux-any covers (Debian Policy 11.1)."""

from functools import cache

from debian.debian_support import DpkgArchTable

from mini_buildd.deb.names import Architecture, ArchitectureWildcard


@cache
def _table() -> DpkgArchTable:
    """The tables of dpkg itself under /usr/share/dpkg, read once."""
    return DpkgArchTable.load_arch_table()


def covers(wildcard: ArchitectureWildcard, architecture: Architecture) -> bool:
    """Whether *wildcard* covers *architecture*; all covers nothing but itself."""
    if "all" in (wildcard, architecture):
        return str(wildcard) == str(architecture)
    return _table().matches_architecture(str(architecture), str(wildcard))
