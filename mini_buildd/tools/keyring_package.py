"""The files of a source package that brings the archive's keys and .sources to its clients.

A native package (dpkg-source(1)) that debhelper builds; the same inputs give the same bytes.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from mini_buildd.deb.names import Component, Fingerprint, SourceName
from mini_buildd.deb.version import Version

_DIGEST = re.compile(r"\bsha256:([0-9a-f]{64})\b")


@dataclass(frozen=True, slots=True)
class ArchiveSource:
    """A distribution as apt finds it."""

    url: str
    distribution: str
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class KeyringPackage:
    """What the package *name* of the instance *identity* holds; *armored* is one block."""

    name: SourceName
    identity: str
    maintainer: str
    fingerprints: tuple[Fingerprint, ...]
    armored: str
    sources: tuple[ArchiveSource, ...]

    @property
    def digest(self) -> str:
        """The SHA-256 of all but the changelog: the same when there is nothing new to upload."""
        content = hashlib.sha256()
        for path, data in sorted(self._content().items()):
            content.update(f"{path}\0{len(data)}\0".encode() + data)
        return content.hexdigest()

    def tree(self, version: Version, distribution: str, date: datetime) -> Mapping[str, bytes]:
        """The source tree, from path to bytes; *date* is the changelog's."""
        return {"debian/changelog": self._changelog(version, distribution, date), **self._content()}

    def _changelog(self, version: Version, distribution: str, date: datetime) -> bytes:
        keys = "\n".join(f"    {each}" for each in self.fingerprints)
        return (
            f"{self.name} ({version}) {distribution}; urgency=medium\n\n"
            f"  * The keys that sign the archive of {self.identity}:\n{keys}\n"
            f"  * Made of:\n    sha256:{self.digest}\n\n"
            f" -- {self.maintainer}  {format_datetime(date)}\n"
        ).encode()

    def _content(self) -> Mapping[str, bytes]:
        texts = {
            "debian/control": self._control(),
            "debian/copyright": _COPYRIGHT,
            "debian/rules": "#!/usr/bin/make -f\n\n%:\n\tdh $@\n",
            "debian/source/format": "3.0 (native)\n",
            "debian/install": (
                f"{self.name}.gpg usr/share/keyrings\nsources usr/share/{self.name}\n"
            ),
            "debian/README.Debian": self._readme(),
            **{f"sources/{each.distribution}.sources": self._source(each) for each in self.sources},
        }
        files = {path: text.encode() for path, text in texts.items()}
        return {**files, f"{self.name}.gpg": dearmor(self.armored)}

    def _control(self) -> str:
        return (
            f"Source: {self.name}\nSection: misc\nPriority: optional\n"
            f"Maintainer: {self.maintainer}\nBuild-Depends: debhelper-compat (= 13)\n"
            "Standards-Version: 4.6.2\nRules-Requires-Root: no\n\n"
            f"Package: {self.name}\nArchitecture: all\nMulti-Arch: foreign\n"
            "Depends: ${misc:Depends}\n"
            f"Description: keys of the package archive {self.identity}\n"
            f" The archive {self.identity} signs what it publishes. This package holds the\n"
            " keys by which apt verifies that, and ready apt sources for its distributions.\n"
        )

    def _readme(self) -> str:
        folder = f"/usr/share/{self.name}/sources"
        example = next(iter(self.sources)).distribution if self.sources else "DISTRIBUTION"
        return (
            f"{self.name}\n{'=' * len(self.name)}\n\n"
            f"Nothing is enabled by installing this package. To use a distribution of the\n"
            f"archive {self.identity}, let apt read its source, for example:\n\n"
            f"  ln -s {folder}/{example}.sources \\\n    /etc/apt/sources.list.d/\n  apt update\n\n"
            "As a link, the source follows the archive when this package is upgraded; instead\n"
            "of a .sources file that was downloaded before, which would go on with the keys of\n"
            "that day.\n"
        )

    def _source(self, source: ArchiveSource) -> str:
        return (
            f"Types: deb deb-src\nURIs: {source.url}\nSuites: {source.distribution}\n"
            f"Components: {' '.join(source.components)}\n"
            f"Signed-By: /usr/share/keyrings/{self.name}.gpg\n"
        )


_COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: none
License: public-domain
 Public keys and the addresses of an archive are facts, which nobody has a copyright in.
"""


def digest_in(changes: str) -> str | None:
    """What the entry of a changelog says that the package was made of (KeyringPackage.digest)."""
    found = _DIGEST.search(changes)
    return found[1] if found else None


def dearmor(armored: str) -> bytes:
    """The bytes of one armored block (RFC 4880 §6.2)."""
    lines = [line.strip() for line in armored.strip().splitlines()]
    body = lines[lines.index("") + 1 : -1]
    return base64.b64decode("".join(line for line in body if not line.startswith("=")))


def source_changes(name: SourceName, version: Version) -> str:
    """The name of the .changes that an upload of it has."""
    return f"{name}_{version.without_epoch}_source.changes"
