"""What lies in a repository's tree, read as apt would."""

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

from mini_buildd.db import models
from mini_buildd.deb.deb822 import Paragraph, parse_paragraph
from mini_buildd.tests.flow.scene import Scene


def root(scene: Scene) -> Path:
    """The folder of the one repository."""
    return scene.site.tree("test").root


def pool(scene: Scene) -> list[str]:
    """The names of all files of the pool."""
    return sorted(path.name for path in (root(scene) / "pool").rglob("*") if path.is_file())


def folders(scene: Scene, suite: str = "unstable") -> list[int]:
    """The versions of a suite that have folders."""
    found = (root(scene) / f"suites/trixie-test-{suite}").iterdir()
    return sorted(int(path.name) for path in found if path.name.isdecimal())


def numbers(suite: str = "unstable") -> list[int]:
    """The versions of a suite that are kept, by the rows."""
    rows = models.Publication.objects.filter(
        distribution__name=f"trixie-test-{suite}", removed_at=None
    )
    return sorted(rows.values_list("number", flat=True))


def named_files(version: Path) -> Iterator[tuple[str, int, str]]:
    """Path, size and SHA-256 of every file of the pool that the indexes of a version name."""
    for index in version.glob("*/binary-*/Packages.gz"):
        for fields in _paragraphs(index):
            yield fields.require("Filename"), int(fields.require("Size")), fields.require("SHA256")
    for index in version.glob("*/source/Sources.gz"):
        for fields in _paragraphs(index):
            for line in fields.lines("Checksums-Sha256"):
                digest, size, name = line.split()
                yield f"{fields.require('Directory')}/{name}", int(size), digest


def _paragraphs(index: Path) -> Iterator[Paragraph]:
    for text in gzip.decompress(index.read_bytes()).split(b"\n\n"):
        if text:
            yield parse_paragraph(text)


def demand_all_there(scene: Scene, version: Path) -> int:
    """Every file that this version names is in the pool with its size and hash; how many."""
    count = 0
    for path, size, digest in named_files(version):
        data = (root(scene) / path).read_bytes()
        if (len(data), hashlib.sha256(data).hexdigest()) != (size, digest):
            raise AssertionError(f"{path} is not what {version} names")
        count += 1
    return count
