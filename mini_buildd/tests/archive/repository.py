"""A repository on disk with packages made by dpkg-deb, and a strict reader of what is published."""

import hashlib
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mini_buildd.archive import pool
from mini_buildd.archive.plan import BinaryText, SourceText, SuiteContent
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

    @property
    def tree(self) -> Tree:
        """Its tree."""
        return Tree(self.folder / "archive")

    @property
    def signer(self) -> Signer:
        """How it is signed."""
        keys = self.keys
        return Signer(keys.clearsign, keys.sign_detached, keys.public_key, keys.fingerprints)

    def add(self, package: str, version: str = "1.0", *, suffix: str = "deb") -> None:
        """Make a binary package for all architectures and put it into the pool."""
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
        binary, digests = read_binary(made), hash_file(made)
        path = pool_path(MAIN, SourceName(package), PlainFilename(made.name))
        pool.add(self.tree, path, made, sha256=digests.sha256)
        text = packages_paragraph(binary, digests, filename=path)
        self.binaries = [each for each in self.binaries if each.package != package]
        self.binaries.append(
            BinaryText(MAIN, binary.architecture, binary.is_udeb, binary.package, text)
        )

    def add_source(self, package: str) -> None:
        """Make a native source package and put it into the pool."""
        tree = self.folder / "made" / f"{package}-1.0"
        (tree / "debian" / "source").mkdir(parents=True)
        (tree / "debian" / "source" / "format").write_text("3.0 (native)\n")
        (tree / "debian" / "control").write_text(
            f"Source: {package}\nMaintainer: Pat <pat@example.invalid>\n\n"
            f"Package: {package}\nArchitecture: all\nDescription: tiny\n"
        )
        (tree / "debian" / "changelog").write_text(
            f"{package} (1.0) unstable; urgency=low\n\n  * New.\n\n"
            " -- Pat <pat@example.invalid>  Fri, 20 Nov 2026 12:00:00 +0000\n"
        )
        command = ["dpkg-source", "--build", str(tree)]
        subprocess.run(command, check=True, capture_output=True, cwd=tree.parent)
        dsc = tree.parent / f"{package}_1.0.dsc"
        files = [dsc, *tree.parent.glob(f"{package}_1.0.tar.*")]
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
        self.sources.append(SourceText(MAIN, package, text))

    def content(self, number: int) -> SuiteContent:
        """What version *number* says."""
        return SuiteContent(
            distribution=self.name,
            number=number,
            date=datetime.now(UTC),
            origin="depot",
            description="for tests",
            components=(MAIN, Component("contrib")),
            architectures=(self.architecture,),
            not_automatic=True,
            but_automatic_upgrades=True,
            binaries=tuple(self.binaries),
            sources=tuple(self.sources),
        )

    def publish(self, number: int) -> None:
        """Publish what is there as version *number*."""
        publish(self.tree, self.content(number), self.signer, url=f"file:{self.tree.root}")

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

        They are read by hash, as apt does, and by name as well unless *only_by_hash*.
        """
        found = {}
        for line in parse_paragraph(release).lines("SHA256"):
            digest, size, path = line.split()
            by_hash = (self.dists / path).parent / "by-hash" / "SHA256" / digest
            for file in [by_hash] if only_by_hash else [by_hash, self.dists / path]:
                found[path] = file.read_bytes()
                if hashlib.sha256(found[path]).hexdigest() != digest or len(found[path]) != int(
                    size
                ):
                    raise AssertionError(f"{file} is not what Release says")
        return found
