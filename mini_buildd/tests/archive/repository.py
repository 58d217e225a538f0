"""A repository on disk with packages made by dpkg-deb, and a strict reader of what is published."""

import gzip
import hashlib
import subprocess
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mini_buildd.archive import pool
from mini_buildd.archive.contents import pack_listing
from mini_buildd.archive.plan import (
    INSTALLER,
    Area,
    BinaryText,
    Changed,
    Content,
    SourceText,
    SuiteFace,
)
from mini_buildd.archive.publish import publish
from mini_buildd.archive.sign import Signer
from mini_buildd.archive.tree import Tree, pool_folder, pool_path
from mini_buildd.deb.binary import packages_paragraph, read_binary
from mini_buildd.deb.deb822 import parse_paragraph
from mini_buildd.deb.dsc import parse_dsc, sources_paragraph
from mini_buildd.deb.names import Architecture, Component, PlainFilename, SourceName
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.kit.hashing import hash_file

MAIN = Component("main")
_FORMS = (".gz", ".xz", ".zst")
parse_name = DistributionName.parse


@dataclass(slots=True)
class Repository:
    """One repository in *folder*, signed with *keys*."""

    folder: Path
    keys: ArchiveKeys
    architecture: Architecture = field(default_factory=lambda: Architecture("amd64"))
    name: DistributionName = field(default_factory=lambda: parse_name("trixie-test-unstable"))
    binaries: list[BinaryText] = field(default_factory=list)
    sources: list[SourceText] = field(default_factory=list)
    versions: dict[int, tuple[list[BinaryText], list[SourceText]]] = field(default_factory=dict)
    root: Path | None = None  # where it is published, when that is not below the folder
    url: str = ""  # where it is served; empty while it is read as plain files
    shape: dict[str, Any] = field(default_factory=dict)  # further fields of SuiteFace

    @property
    def tree(self) -> Tree:
        """Its tree."""
        return Tree(self.root or self.folder / "archive", self.folder / "index-cache")

    @property
    def signer(self) -> Signer:
        """How it is signed."""
        keys = self.keys
        return Signer(keys.clearsign, keys.sign_detached, keys.public_key, keys.fingerprints)

    @property
    def served_at(self) -> str:
        """Where clients find it."""
        return self.url or f"file:{self.tree.root}"

    def add(
        self,
        package: str,
        version: str = "1.0",
        *,
        suffix: str = "deb",
        part: str = "",
        is_beside: bool = False,
    ) -> None:
        """Make a binary package for all architectures, and take it."""
        source = self.folder / "made" / f"{package}-{version}"
        (source / "DEBIAN").mkdir(parents=True)
        (source / "usr" / "share" / package).mkdir(parents=True)
        (source / "usr" / "share" / package / "version").write_text(f"{version}\n")
        (source / "DEBIAN" / "control").write_text(
            f"Package: {package}\nVersion: {version}\nArchitecture: all\nSection: misc\n"
            "Maintainer: Pat <pat@example.invalid>\nDescription: tiny\n one\n .\n two\n"
        )
        made = source.with_name(f"{package}_{version}_all.{suffix}")
        command = ["dpkg-deb", "--root-owner-group", "-b", str(source), str(made)]
        subprocess.run(command, check=True, capture_output=True)
        paths = [f"usr/share/{package}/version".encode()]
        self.take(made, paths=paths, part=part, is_beside=is_beside)

    def take(
        self, made: Path, *, paths: Iterable[bytes] = (), part: str = "", is_beside: bool = False
    ) -> None:
        """Put a package into the pool and the suite.

        It replaces the one of its name there, or stands beside it.
        """
        binary, digests = read_binary(made), hash_file(made)
        path = pool_path(MAIN, binary.source, PlainFilename(made.name))
        pool.add(self.tree, path, made, sha256=digests.sha256)
        text = packages_paragraph(binary, digests, filename=path)
        if not is_beside:
            self.binaries = [each for each in self.binaries if each.package != binary.package]
        self.binaries.append(
            BinaryText(
                Area(MAIN, INSTALLER if binary.is_udeb else part),
                binary.architecture,
                binary.package,
                binary.version,
                text,
                pack_listing(paths),
            )
        )

    def add_source(self, package: str, version: str = "1.0") -> None:
        """Make a native source package and put it into the pool."""
        tree = self.folder / "made" / f"{package}-{version}"
        (tree / "debian" / "source").mkdir(parents=True)
        (tree / "debian" / "source" / "format").write_text("3.0 (native)\n")
        (tree / "debian" / "control").write_text(
            f"Source: {package}\nMaintainer: Pat <pat@example.invalid>\n\n"
            f"Package: {package}\nArchitecture: all\nDescription: tiny\n"
        )
        (tree / "debian" / "changelog").write_text(
            f"{package} ({version}) unstable; urgency=low\n\n  * New.\n\n"
            " -- Pat <pat@example.invalid>  Fri, 20 Nov 2026 12:00:00 +0000\n"
        )
        command = ["dpkg-source", "--build", str(tree)]
        subprocess.run(command, check=True, capture_output=True, cwd=tree.parent)
        dsc = tree.parent / f"{package}_{version}.dsc"
        files = [dsc, *tree.parent.glob(f"{package}_{version}.tar.*")]
        source = SourceName(package)
        for path in files:
            target = pool_path(MAIN, source, PlainFilename(path.name))
            pool.add(self.tree, target, path, sha256=hash_file(path).sha256)
        text = sources_paragraph(
            parse_dsc(dsc.read_bytes()),
            {path.name: hash_file(path) for path in files},
            directory=pool_folder(MAIN, source),
            section="misc",
            priority="optional",
        )
        self.sources.append(SourceText(MAIN, package, version, text))

    def face(self, number: int) -> SuiteFace:
        """What version *number* says of itself."""
        areas = dict.fromkeys(
            [Area(MAIN), Area(Component("contrib")), *(each.area for each in self.binaries)]
        )
        return SuiteFace(
            distribution=self.name,
            number=number,
            date=datetime.now(UTC),
            origin="depot",
            description="for tests",
            areas=tuple(areas),
            architectures=(self.architecture,),
            **self.shape,
        )

    def content(self, number: int) -> Content:
        """The packages of all versions; those of *number* are what is there now."""
        self.versions[number] = (list(self.binaries), list(self.sources))
        return Content(self._binaries, self._sources, self._changed)

    def _binaries(self, number: int, packages: Collection[str] | None) -> list[BinaryText]:
        found = sorted(self.versions[number][0], key=lambda each: each.package)
        return [each for each in found if packages is None or each.package in packages]

    def _sources(self, number: int, names: Collection[str] | None) -> list[SourceText]:
        found = sorted(self.versions[number][1], key=lambda each: each.source)
        return [each for each in found if names is None or each.source in names]

    def _changed(self, old: int, new: int) -> Changed:
        before, after = (self.versions.get(number, ([], [])) for number in (old, new))
        return Changed(
            frozenset(each.package for each in {*before[0]} ^ {*after[0]}),
            frozenset(each.source for each in {*before[1]} ^ {*after[1]}),
        )

    def publish(
        self, number: int, signer: Signer | None = None, *, valid_until: datetime | None = None
    ) -> None:
        """Publish what is there as version *number*."""
        publish(
            self.tree,
            self.face(number),
            self.content(number),
            signer or self.signer,
            url=self.served_at,
            valid_until=valid_until,
        )

    @property
    def dists(self) -> Path:
        """What everybody reads."""
        return self.tree.pointer(self.name)

    def verified_release(self) -> bytes:
        """The text of InRelease as gpgv verifies it with the published key."""
        keyring = self.folder / "keyring.gpg"
        if not keyring.exists():
            key = str(self.tree.root / "archive-key.asc")
            dearmor = ["gpg", "--batch", "--output", str(keyring), "--dearmor", key]
            subprocess.run(dearmor, check=True, capture_output=True)
        command = ["gpgv", "--keyring", str(keyring), "--output", "-"]
        done = subprocess.run(
            [*command, "-"],
            input=(self.dists / "InRelease").read_bytes(),
            check=False,
            capture_output=True,
        )
        if done.returncode:
            raise AssertionError(done.stderr.decode())
        return done.stdout

    def check_indexes(self, release: bytes, *, only_by_hash: bool = False) -> dict[str, bytes]:
        """The indexes that *release* names, each as large and with the digest that it says.

        They are read by hash, as apt does, and by name as well unless *only_by_hash*; those that
        are only hashed, not kept, are made of their gzip form.
        """
        found = {}
        for line in parse_paragraph(release).lines("SHA256"):
            digest, size, path = line.split()
            kept, form = (path, "") if path.endswith(_FORMS) else (f"{path}.gz", "gz")
            if form:
                digests = {each.split()[2]: each.split()[0] for each in self._lines(release)}
                files = [(self.dists / kept).parent / "by-hash" / "SHA256" / digests[kept]]
            else:
                files = [(self.dists / path).parent / "by-hash" / "SHA256" / digest]
            for file in files if only_by_hash else [*files, self.dists / kept]:
                data = gzip.decompress(file.read_bytes()) if form else file.read_bytes()
                if hashlib.sha256(data).hexdigest() != digest or len(data) != int(size):
                    raise AssertionError(f"{file} is not what Release says")
                found[path] = data
        return found

    @staticmethod
    def _lines(release: bytes) -> list[str]:
        return parse_paragraph(release).lines("SHA256")
