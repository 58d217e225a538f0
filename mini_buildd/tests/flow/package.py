"""Source and binary packages as files, as small as they can be: nobody here builds them."""

import hashlib
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mini_buildd.deb.version import Version
from mini_buildd.tests.packager import Packager

Files = dict[str, bytes]


def checksums(files: Mapping[str, bytes], extra: str = "") -> str:
    """The file lists of a .dsc; of a .changes with *extra*, which is section and priority."""
    sha256 = [f" {_sha256(data)} {len(data)} {name}" for name, data in files.items()]
    md5 = [f" {_md5(data)} {len(data)} {extra}{name}" for name, data in files.items()]
    return "\n".join(["Checksums-Sha256:", *sha256, "Files:", *md5, ""])


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@dataclass
class SourcePackage:
    """A source package; *orig* is left out of the upload when it is None but named anyway."""

    name: str = "hello"
    version: str = "1.0-1~test13+1"
    distribution: str = "trixie-test-unstable"
    architecture: str = "any"
    section: str = "utils"
    orig: bytes = b"upstream"
    with_orig: bool = True
    more: Files = field(default_factory=dict)  # further files in the upload, not in the .dsc
    more_in_dsc: Files = field(default_factory=dict)
    dsc_fields: str = ""
    changes_fields: str = ""
    urgency: str = "medium"
    binary: str = ""  # the name of its package, when that is another
    options: tuple[str, ...] = ()  # in its changelog

    @property
    def stem(self) -> str:
        """How its files' names begin."""
        return f"{self.name}_{Version(self.version).without_epoch}"

    @property
    def orig_name(self) -> str:
        """The upstream tarball."""
        return f"{self.name}_{Version(self.version).upstream}.orig.tar.gz"

    def source_files(self) -> Files:
        """All files of the source package, the .dsc first."""
        parts = {
            self.orig_name: self.orig,
            f"{self.stem}.debian.tar.xz": f"packaging of {self.version}".encode(),
            **self.more_in_dsc,
        }
        dsc = (
            f"Format: 3.0 (quilt)\nSource: {self.name}\nBinary: {self.binary or self.name}\n"
            f"Architecture: {self.architecture}\nVersion: {self.version}\n"
            f"Maintainer: Pat Packager <pat@example.invalid>\n{self.dsc_fields}{checksums(parts)}"
        )
        return {f"{self.stem}.dsc": dsc.encode(), **parts}

    def changes(self) -> str:
        """The unsigned .changes."""
        files = {**self.source_files(), **self.more}
        if not self.with_orig:
            del files[self.orig_name]
        options = "".join(f"   * MINI_BUILDD_OPTION: {option}\n" for option in self.options)
        return (
            "Format: 1.8\nDate: Fri, 20 Nov 2026 12:00:00 +0000\n"
            f"Source: {self.name}\nBinary: {self.binary or self.name}\n"
            f"Architecture: {' '.join(['source', *self._binary_architectures()])}\n"
            f"Version: {self.version}\nDistribution: {self.distribution}\nUrgency: {self.urgency}\n"
            f"Maintainer: Pat Packager <pat@example.invalid>\n{self.changes_fields}"
            f"Changes:\n {self.name} ({self.version}) {self.distribution}; urgency=medium\n"
            f" .\n   * New.\n{options}{checksums(files, f'{self.section} optional ')}"
        )

    def _binary_architectures(self) -> list[str]:
        names = [name for name in (*self.more, *self.more_in_dsc) if name.endswith(".deb")]
        return sorted({name.removesuffix(".deb").rpartition("_")[2] for name in names})

    def upload(self, packager: Packager) -> Files:
        """What dput would send, the .changes last."""
        files = {**self.source_files(), **self.more}
        if not self.with_orig:
            del files[self.orig_name]
        files[f"{self.stem}_source.changes"] = packager.sign(self.changes().encode())
        return files


@dataclass
class BinaryPackage:
    """A .deb that nobody has built."""

    package: str = "hello"
    version: str = "1.0-1~test13+1"
    architecture: str = "amd64"
    source: str = ""
    section: str = "utils"
    content: str = ""
    suffix: str = ".deb"
    files: Files = field(default_factory=dict)
    packed: str = "none"
    depends: str = ""

    @property
    def file_name(self) -> str:
        """As the archive wants it."""
        version = Version(self.version).without_epoch
        return f"{self.package}_{version}_{self.architecture}{self.suffix}"

    def put(self, folder: Path, name: str = "") -> Path:
        """A file with it in *folder*, under the archive's name unless *name* is given."""
        with tempfile.TemporaryDirectory() as scratch:
            data = self.make(Path(scratch))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / (name or self.file_name)).write_bytes(data)
        return folder / (name or self.file_name)

    def make(self, scratch: Path) -> bytes:
        """The bytes, by dpkg-deb itself."""
        tree = scratch / "tree"
        (tree / "DEBIAN").mkdir(parents=True, exist_ok=True)
        source = f"Source: {self.source}\n" if self.source else ""
        depends = f"Depends: {self.depends}\n" if self.depends else ""
        (tree / "DEBIAN" / "control").write_text(
            f"Package: {self.package}\nVersion: {self.version}\n{source}{depends}"
            f"Architecture: {self.architecture}\nSection: {self.section}\nPriority: optional\n"
            "Maintainer: Pat Packager <pat@example.invalid>\nDescription: says hello\n"
            f" {self.content or 'Nothing more.'}\n",
            encoding="utf-8",
        )
        for name, data in self.files.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes(data)
        made = scratch / "made.deb"
        subprocess.run(
            [
                *("dpkg-deb", "--root-owner-group", "--nocheck", f"-Z{self.packed}"),
                *("-b", str(tree), str(made)),
            ],
            check=True,
            capture_output=True,
        )
        return made.read_bytes()


def build_changes(name: str, version: str, architecture: str, files: Mapping[str, bytes]) -> bytes:
    """The .changes that sbuild leaves beside what it made."""
    return (
        "Format: 1.8\nDate: Fri, 20 Nov 2026 12:00:00 +0000\n"
        f"Source: {name}\nBinary: {name.split(maxsplit=1)[0]}\nArchitecture: {architecture}\n"
        f"Version: {version}\n"
        "Distribution: trixie-test-unstable\nUrgency: medium\n"
        "Maintainer: Pat Packager <pat@example.invalid>\n"
        f"Changes:\n {name} ({version}) trixie-test-unstable; urgency=medium\n"
        f" .\n   * New.\n{checksums(files, 'utils optional ')}"
    ).encode()
