"""Package versions: their grammar and their order (Debian Policy 5.6.12, deb-version(7))."""

import re

from debian.debian_support import NativeVersion

from mini_buildd.deb.names import Name


class Version(Name):
    """A full version, [epoch:]upstream[-revision]; compare by order, not as text."""

    __slots__ = ()
    kind = "package version"
    # A minus at the end would begin an empty revision, which dpkg refuses.
    grammar = re.compile(r"(?:[0-9]{1,9}:)?[0-9](?:[A-Za-z0-9.+~-]{0,149}[A-Za-z0-9.+~])?")

    @property
    def without_epoch(self) -> str:
        """As file names carry it."""
        return self.partition(":")[2] if ":" in self else str(self)

    @property
    def upstream(self) -> str:
        """Without epoch and Debian revision."""
        return self.without_epoch.rpartition("-")[0] or self.without_epoch


def place(version: Version) -> NativeVersion:
    """A key to sort by: quicker than compare(), which reads both versions each time."""
    return NativeVersion(str(version))


def compare(left: Version, right: Version) -> int:
    """Negative, zero or positive as *left* is earlier than, equal to or later than *right*."""
    one, two = NativeVersion(str(left)), NativeVersion(str(right))
    return int(one > two) - int(one < two)
