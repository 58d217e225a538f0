"""Packages from outside, and what is read of them before they stand in our pool.

This passes between whoever takes packages in and the processes that read them (read_offers.py).
"""

import os
from pathlib import Path

import msgspec

from mini_buildd.kit.hashing import Digests


class Expected(msgspec.Struct, frozen=True):
    """What an index says of a package; *architecture* is empty for a source package."""

    package: str
    version: str
    architecture: str
    size_bytes: int
    sha256: str


class Offer(msgspec.Struct, frozen=True):
    """A .deb, .udeb or .dsc, whose further files lie beside it.

    *component* is where it is to be, when that is not what its section says; *section* and
    *priority* are for the source package alone, whose .dsc does not have them. *copies* is a folder
    to copy the files to, when they are not to be linked.
    """

    file: bytes
    component: str = ""
    section: str = ""
    priority: str = ""
    expected: Expected | None = None
    copies: bytes = b""

    @property
    def name(self) -> str:
        """Its name, for people."""
        return Path(os.fsdecode(self.file)).name.encode(errors="replace").decode()


class OfferedFile(msgspec.Struct, frozen=True):
    """A file as it lies somewhere, and its *path* in the pool."""

    file: bytes
    path: str
    digests: Digests


class OfferedBinary(msgspec.Struct, frozen=True, tag="binary"):
    """A binary package, with the columns of its row; *changelog* is compressed by zlib."""

    file: OfferedFile
    package: str
    version: str
    architecture: str
    source: str
    source_version: str
    component: str
    is_udeb: bool
    is_debug: bool
    paragraph: str
    listing: bytes
    changelog: bytes | None


class OfferedSource(msgspec.Struct, frozen=True, tag="source"):
    """The same of a source package."""

    files: tuple[OfferedFile, ...]
    source: str
    version: str
    component: str
    architectures: str
    paragraph: str


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """What cannot be taken, and why."""

    name: str
    reason: str


Offered = OfferedBinary | OfferedSource
Answer = OfferedBinary | OfferedSource | Refused
