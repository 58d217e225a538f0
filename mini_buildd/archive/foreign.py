"""Archives of others on disk, such as reprepro and aptly make: what their indexes say.

What Release does not vouch for is not believed: it names the indexes by digest, and they the files.
Format: https://wiki.debian.org/DebianRepository/Format.
"""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mini_buildd.archive.offer import Expected, Offer
from mini_buildd.deb.container import DAMAGE
from mini_buildd.deb.deb822 import MalformedControl, parse_paragraph
from mini_buildd.deb.files import parse_files
from mini_buildd.deb.names import ArchivePath, Component, MalformedName, Sha256

_INDEX = re.compile(
    r"(?P<component>[^/]+(?:/[^/]+)*)/"
    r"(?:source/(?P<sources>Sources)|binary-[a-z0-9-]+/Packages)(?P<form>\.gz|\.xz|\.bz2|)"
)
_OPENERS: Mapping[str, Callable[[IO[bytes]], IO[bytes]]] = {
    "": lambda raw: raw,
    ".gz": lambda raw: gzip.GzipFile(fileobj=raw),  # type: ignore[dict-item,return-value]  # it reads
    ".xz": lzma.LZMAFile,
    ".bz2": bz2.BZ2File,
}
_MAX_INDEX_BYTES = 512 << 20
_MAX_PARAGRAPH_BYTES = 4 << 20
_WANTED = {
    b"package": "package",
    b"version": "version",
    b"architecture": "architecture",
    b"source": "source",
    b"filename": "filename",
    b"sha256": "sha256",
}


class Unverified(Exception):
    """An index is not what Release says, or says what cannot be; the text tells which and why."""


@dataclass(frozen=True, slots=True)
class Found:
    """A package of a suite: the offer, and its source package's name and version."""

    offer: Offer
    source: tuple[str, str]


def read_suite(root: Path, suite: ArchivePath, release: bytes) -> Iterator[Found]:
    """Everything that *suite* of the archive in *root* has, as its *release* vouches for it.

    A package for all architectures may come several times. Raises Unverified.
    """
    try:
        for path, sha256 in _indexes(root / "dists" / suite, release):
            with _open_verified(root / "dists" / suite / path, sha256) as stream:
                match = _INDEX.fullmatch(path)
                if match is None:  # pragma: no cover  # only such ones are given
                    raise AssertionError(path)
                component = _component(match["component"])
                read = _source if match["sources"] else _binary
                for text in _paragraphs(stream):
                    yield read(root, component, text)
    except (MalformedControl, MalformedName) as error:
        raise Unverified(f"{suite}: {error}") from None
    except DAMAGE as error:
        raise Unverified(f"{suite}: an index cannot be read: {error}") from None


def _component(text: str) -> Component:
    """The archive area: "main" of "main/debian-installer" and of "updates/main"."""
    parts = [part for part in text.split("/") if part not in ("debian-installer", "updates")]
    return Component(parts[0] if parts else text)


def _indexes(folder: Path, release: bytes) -> Iterator[tuple[ArchivePath, Sha256]]:
    """Every index of packages and sources in one of its forms, the quickest that is there."""
    listed: dict[str, str] = {}
    for line in parse_paragraph(release).lines("SHA256"):
        digest, _, path = line.split() if len(line.split()) == 3 else ("", "", "")  # noqa: PLR2004  # digest size path
        listed[path] = digest
    chosen: dict[str, str] = {}
    order = list(_OPENERS)
    for path in listed:
        match = _INDEX.fullmatch(path)
        if match is None or not (folder / ArchivePath(path)).is_file():
            continue
        stem = path.removesuffix(match["form"])
        best = chosen.get(stem, path)
        better = order.index(match["form"]) < order.index(best.removeprefix(stem))
        chosen[stem] = path if better else best
    if not chosen:
        raise Unverified(f"{folder}: Release names no index with SHA-256 that is there")
    for path in sorted(chosen.values()):
        yield ArchivePath(path), Sha256(listed[path])


def _open_verified(path: Path, sha256: Sha256) -> IO[bytes]:
    """The text of an index; what is hashed is what is unpacked."""
    with path.open("rb") as stream:
        data = stream.read(_MAX_INDEX_BYTES + 1)
    found = hashlib.sha256(data).hexdigest()
    if len(data) > _MAX_INDEX_BYTES or found != sha256:
        raise Unverified(f"{path}: its SHA-256 is {found}, but {sha256} in Release")
    return _OPENERS[path.suffix](io.BytesIO(data))


def _paragraphs(stream: IO[bytes]) -> Iterator[bytes]:
    lines: list[bytes] = []
    size = 0
    while line := stream.readline(_MAX_PARAGRAPH_BYTES):
        if line.strip(b" \t\r\n"):
            lines.append(line)
            size += len(line)
            if size > _MAX_PARAGRAPH_BYTES:
                raise MalformedControl(f"a paragraph of more than {_MAX_PARAGRAPH_BYTES} bytes")
        elif lines:
            yield b"".join(lines)
            lines, size = [], 0
    if lines:
        yield b"".join(lines)


def _binary(root: Path, component: Component, text: bytes) -> Found:
    fields: dict[str, str] = {}
    for line in text.split(b"\n"):
        name, colon, value = line.partition(b":")
        key = _WANTED.get(name.lower())
        if key is not None and colon:
            if key in fields:
                raise MalformedControl(f"an index has field {key} twice in a paragraph")
            fields[key] = value.strip().decode("utf-8", "replace")
    if missing := {"package", "version", "architecture", "filename", "sha256"} - fields.keys():
        package = fields.get("package", "?")
        raise MalformedControl(f"the index says no {missing.pop()} of package {package}")
    path = ArchivePath(fields["filename"])
    if not path.endswith((".deb", ".udeb")):
        raise MalformedControl(f"{path} is neither a .deb nor a .udeb")
    package, version = fields["package"], fields["version"]
    source, _, source_version = fields.get("source", package).partition(" ")
    expected = Expected(package, version, fields["architecture"], str(Sha256(fields["sha256"])))
    offer = Offer(os.fsencode(root / path), component=str(component), expected=expected)
    return Found(offer, (source, source_version.strip("() ") or version))


def _source(root: Path, component: Component, text: bytes) -> Found:
    paragraph = parse_paragraph(text)
    package, version = paragraph.require("Package"), paragraph.require("Version")
    listed = [file for file in parse_files(paragraph) if file.name.endswith(".dsc")]
    if len(listed) != 1:
        raise MalformedControl(f"the index names {len(listed)} .dsc of {package} {version}")
    folder = root / ArchivePath(paragraph.require("Directory"))
    offer = Offer(
        os.fsencode(folder / listed[0].name),
        component=str(component),
        section=paragraph.get("Section") or "misc",
        priority=paragraph.get("Priority") or "optional",
        expected=Expected(package, version, "", str(listed[0].sha256)),
    )
    return Found(offer, (package, version))
