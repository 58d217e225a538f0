"""What a package installs: the paths of its files, and its changelog."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mini_buildd.deb.container import open_tar
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.names import PackageName
from mini_buildd.deb.tar import Bounds, TarReader

# The largest packages of Debian have 200,000 files, and 100 MB of names.
_MAX_FILES = 1 << 20
_MAX_NAMES_BYTES = 128 << 20
# What shrinks more than this is made to harm: text shrinks to a tenth.
_MAX_UNPACKED_BYTES = 1 << 30
_MAX_RATIO = 100
_MAX_CHANGELOG_BYTES = 8 << 20
_MAX_COPYRIGHT_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Payload:
    """The *paths* of all files but folders, from the root without "/"; *changelog* as plain text.

    The changelog is None where the package has none that can be read (Debian Policy 12.7).
    """

    paths: tuple[bytes, ...]
    changelog: bytes | None


def read_payload(path: Path, package: PackageName) -> Payload:
    """What the .deb or .udeb at *path*, of that *package*, installs; raises MalformedControl."""
    try:
        with path.open("rb") as deb:
            return payload_of(deb, package)
    except OSError as error:
        raise MalformedControl(f"{path.name} cannot be read: {error}") from None


def payload_of(deb: IO[bytes], package: PackageName) -> Payload:
    """The same of an open one."""
    paths: list[bytes] = []
    names_bytes = 0
    found: dict[bytes, bytes] = {}
    wanted = _changelogs(package)
    with open_tar(deb, "data") as (stream, packed_bytes):
        most = _MAX_UNPACKED_BYTES + _MAX_RATIO * packed_bytes
        files = TarReader(stream, Bounds(most, _MAX_FILES))
        for member in files:
            if member.is_folder:
                continue
            paths.append(member.name)
            names_bytes += len(member.name) + 1
            if names_bytes > _MAX_NAMES_BYTES:
                raise MalformedControl(f"more than {_MAX_NAMES_BYTES} bytes of file names")
            if (
                member.name in wanted
                and member.is_regular
                and member.size_bytes <= _MAX_CHANGELOG_BYTES
            ):
                found[member.name] = files.read(_MAX_CHANGELOG_BYTES)
    texts = (_plain(name, found[name]) for name in wanted if name in found)
    return Payload(tuple(paths), next((text for text in texts if text is not None), None))


def read_copyright(path: Path, package: PackageName) -> bytes | None:
    """What the package says of its copyright (Debian Policy 12.5); raises MalformedControl.

    None where it says nothing by itself, as when its folder is a link to another's.
    """
    wanted = f"usr/share/doc/{package}/copyright".encode()
    try:
        with path.open("rb") as deb, open_tar(deb, "data") as (stream, packed_bytes):
            most = _MAX_UNPACKED_BYTES + _MAX_RATIO * packed_bytes
            files = TarReader(stream, Bounds(most, _MAX_FILES))
            for member in files:
                if member.name == wanted and member.is_regular:
                    if member.size_bytes > _MAX_COPYRIGHT_BYTES:
                        return None
                    return files.read(_MAX_COPYRIGHT_BYTES)
    except OSError as error:
        raise MalformedControl(f"{path.name} cannot be read: {error}") from None
    return None


def _changelogs(package: PackageName) -> tuple[bytes, ...]:
    """Where its own changelog may be, the best place first; a native package has the latter."""
    folder = f"usr/share/doc/{package}"
    names = ("changelog.Debian.gz", "changelog.Debian", "changelog.gz", "changelog")
    return tuple(f"{folder}/{name}".encode() for name in names)


def _plain(name: bytes, data: bytes) -> bytes | None:
    if not name.endswith(b".gz"):
        return data
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(data, _MAX_CHANGELOG_BYTES)
    except zlib.error:
        return None
    return text if unpacker.eof else None
