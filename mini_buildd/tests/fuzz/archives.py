"""Archives of others that are imported, and single packages that are taken in ready-made."""

import hashlib
import os
from pathlib import Path

from mini_buildd.archive.foreign import Unverified, read_suite
from mini_buildd.archive.offer import Offer, OfferedBinary, OfferedSource
from mini_buildd.archive.read_offer import read
from mini_buildd.deb.deb822 import parse_paragraph
from mini_buildd.deb.names import ArchivePath
from mini_buildd.tests.fuzz.control import CHANGES, DSC
from mini_buildd.tests.fuzz.packages import DEBS, change_deb
from mini_buildd.tests.fuzz.target import Take, Target, Wrong, refusals

_DIGEST = b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_PACKAGES = b"""Package: hello
Version: 1.0-1
Architecture: amd64
Source: hello-source (1.0)
Filename: pool/main/h/hello/hello_1.0-1_amd64.deb
SHA256: %s

Package: hello-doc
Version: 1.0-1
Architecture: all
Filename: pool/main/h/hello/hello-doc_1.0-1_all.deb
SHA256: %s
""" % (_DIGEST, _DIGEST)
_SOURCES = (
    b"""Package: hello
Version: 1.0-1
Directory: pool/main/h/hello
Files:
 d41d8cd98f00b204e9800998ecf8427e 10 hello_1.0-1.dsc
Checksums-Sha256:
 %s 10 hello_1.0-1.dsc
"""
    % _DIGEST
)
_INDEXES = ("main/binary-amd64/Packages", "main/source/Sources")


def _prepare(folder: Path) -> Take:
    """An archive whose Release vouches for whatever its two indexes say; ``@@`` parts them."""
    suite = folder / "dists" / "trixie"
    for name in _INDEXES:
        (suite / name).parent.mkdir(parents=True)

    def import_it(data: bytes) -> None:
        packages, _, sources = data.partition(b"@@")
        release = [b"Suite: trixie", b"SHA256:"]
        for name, text in zip(_INDEXES, (packages, sources), strict=True):
            (suite / name).write_bytes(text)
            digest = hashlib.sha256(text).hexdigest()
            release.append(f" {digest} {len(text)} {name}".encode())
        for found in read_suite(folder, ArchivePath("trixie"), b"\n".join(release)):
            _demand_below(folder, os.fsdecode(found.offer.file))

    return refusals(import_it, Unverified)


def _demand_below(folder: Path, path: str) -> None:
    if not os.path.normpath(path).startswith(f"{folder}/") or ".." in path.split("/"):
        raise Wrong(f"a file outside of the archive: {path}")


def _prepare_offer(ending: str, folder: Path) -> Take:
    """One file of that *ending*, beside nothing else."""
    path = folder / f"hello_1.0-1{ending}"

    def take(data: bytes) -> str:
        path.write_bytes(data)
        answer = read(Offer(os.fsencode(path)))
        if not isinstance(answer, OfferedBinary | OfferedSource):
            return "Refused"
        files = answer.files if isinstance(answer, OfferedSource) else (answer.file,)
        if any(ArchivePath(file.path) != file.path for file in files):
            raise Wrong(f"no place in a pool: {answer}")
        parse_paragraph(answer.paragraph.encode())
        return "taken"

    return take


ARCHIVES = (
    Target(
        name="foreign",
        prepare=_prepare,
        seeds=(_PACKAGES + b"@@" + _SOURCES, _PACKAGES, b"@@" + _SOURCES),
        share=40_000,
        words=(b"@@", b"Filename: ", b"Directory: ", b"../", b"/", b"SHA256: ", b"\n\n", b" ("),
    ),
    Target(
        name="offered-deb",
        prepare=lambda folder: _prepare_offer("_amd64.deb", folder),
        seeds=DEBS,
        share=5000,
        change=change_deb,
        most_bytes=32_768,
    ),
    Target(
        name="offered-dsc",
        prepare=lambda folder: _prepare_offer(".dsc", folder),
        # One that names no other file, which are not there, cannot be: it is refused at the end.
        seeds=(DSC, CHANGES),
        share=20_000,
        words=(b"../", b"Package-List:\n", b"Checksums-Sha256:\n", b"Files:\n"),
    ),
)
