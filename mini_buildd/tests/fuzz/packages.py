"""What builds and other archives hand in: packages, down to the members of their tar files."""

import bz2
import contextlib
import gzip
import io
import lzma
import random
import tarfile
from collections.abc import Callable

import zstandard

from mini_buildd.deb.binary import binary_of, packages_paragraph
from mini_buildd.deb.deb822 import MalformedControl, parse_paragraph
from mini_buildd.deb.names import MalformedName, PackageName
from mini_buildd.deb.payload import payload_of
from mini_buildd.deb.tar import Bounds, TarReader
from mini_buildd.kit.hashing import Digests
from mini_buildd.tests.fuzz.change import change
from mini_buildd.tests.fuzz.control import PrepareNothing
from mini_buildd.tests.fuzz.target import Target, Wrong, refusals

CONTROL = b"""Package: hello
Version: 1.0-1
Architecture: amd64
Maintainer: Pat Packager <pat@example.invalid>
Section: devel
Description: greets
 And that is all.
"""
_CHANGELOG = b"hello (1.0-1) unstable; urgency=low\n\n  * New.\n"
_BLOCK = 512
_CONTROL_NAME = "control"


def _tar(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    # Shorter than the 20 blocks that tar fills up to.
    return stream.getvalue().rstrip(b"\0") + bytes(_BLOCK * 2)


def _whole_blocks(data: bytes) -> bytes:
    return data + bytes(-len(data) % _BLOCK)


_CONTROL_TAR = _whole_blocks(_tar({"./" + _CONTROL_NAME: CONTROL}))
_DATA_TAR = _whole_blocks(
    _tar(
        {
            "./usr/bin/hello": b"#!/bin/sh\n",
            "./usr/share/doc/hello/changelog.Debian.gz": gzip.compress(_CHANGELOG, mtime=0),
            "./" + "very-long/" * 20 + "name": b"",
        }
    )
)


def ar(members: dict[str, bytes]) -> bytes:
    """An ar file, as a .deb is one (deb(5))."""
    parts = [b"!<arch>\n"]
    for name, content in members.items():
        parts.append(f"{name:<16}0           0     0     100644  {len(content):<10}`\n".encode())
        parts += [content, b"\n" * (len(content) % 2)]
    return b"".join(parts)


_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
    ".lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    ".zst": zstandard.compress,
}


def deb(control: bytes, data: bytes, ending: str) -> bytes:
    """A package with those two tar files, packed as *ending* says."""
    pack = _PACKERS[ending]
    return ar(
        {
            "debian-binary": b"2.0\n",
            f"control.tar{ending}": pack(control),
            f"data.tar{ending}": pack(data),
        }
    )


DEBS = tuple(deb(_CONTROL_TAR, _DATA_TAR, ending) for ending in _PACKERS)


def change_deb(data: bytes, rng: random.Random) -> bytes:
    """A package with changes in one of its tar files, below the packing; or outside of it."""
    kind = rng.randrange(3)
    ending = rng.choice(list(_PACKERS))
    if kind == 0:
        return deb(mend(change(_CONTROL_TAR, rng), rng), _DATA_TAR, ending)
    if kind == 1:
        return deb(_CONTROL_TAR, mend(change(_DATA_TAR, rng), rng), ending)
    return change(data, rng)


def mend(data: bytes, rng: random.Random) -> bytes:
    """Most often, set the checksums of what may be heads right, so that readers go on."""
    if rng.random() < 0.2:  # a wrong one is to be seen, too
        return data
    blocks = [data[at : at + _BLOCK] for at in range(0, len(data), _BLOCK)]
    return b"".join(with_checksum(block) if _looks_like_head(block) else block for block in blocks)


def _looks_like_head(block: bytes) -> bool:
    return len(block) == _BLOCK and b"ustar" in block[250:270]


def with_checksum(block: bytes) -> bytes:
    """The head *block* with the checksum that it should have (tar(5))."""
    blank = block[:148] + b" " * 8 + block[156:]
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]


def _members(data: bytes) -> None:
    """No member has a line feed in its name, and no more is read than there may be."""
    bounds = Bounds(unpacked_bytes=1 << 16, members=64)
    files = TarReader(io.BytesIO(data), bounds)
    for count, member in enumerate(files, start=1):
        if b"\n" in member.name or member.name.startswith(b"/") or count > bounds.members:
            raise Wrong(f"a member that nobody can list: {member}")
        is_short = member.is_regular and member.size_bytes < _BLOCK
        if is_short and len(files.read(_BLOCK)) != member.size_bytes:
            raise Wrong("a member's content is not as long as it says")


def _packages(data: bytes) -> None:
    """Its paragraph in Packages is one paragraph, and says what the archive says of it."""
    binary = binary_of(io.BytesIO(data), is_udeb=False)
    digests = Digests(len(data), "0" * 32, "0" * 40, "1" * 64)
    text = packages_paragraph(binary, digests, filename="pool/main/h/hello/hello_1.0-1_amd64.deb")
    again = parse_paragraph(text.encode())
    wanted = {
        "package": str(binary.package),
        "filename": "pool/main/h/hello/hello_1.0-1_amd64.deb",
        "size": str(len(data)),
        "sha256": "1" * 64,
    }
    if any(again.get(name) != value for name, value in wanted.items()):
        raise Wrong(f"Packages would say something else: {text!r}")


def _payload(data: bytes) -> None:
    payload = payload_of(io.BytesIO(data), PackageName("hello"))
    if any(b"\n" in path for path in payload.paths):
        raise Wrong("a path that Contents cannot list")


def _both(data: bytes) -> None:
    try:
        _packages(data)
    finally:
        with contextlib.suppress(MalformedControl, MalformedName):
            _payload(data)


PACKAGES = (
    Target(
        name="tar",
        prepare=PrepareNothing(refusals(_members, MalformedControl)),
        seeds=(_CONTROL_TAR, _DATA_TAR),
        share=60_000,
        words=(b"ustar\x0000", b"ustar  \0", b"././@LongLink", b"\x80\0\0\0", b"../", b"\n"),
        most_bytes=16_384,
    ),
    Target(
        name="tar-checksums",
        prepare=PrepareNothing(refusals(_members, MalformedControl)),
        seeds=(_CONTROL_TAR, _DATA_TAR),
        share=40_000,
        change=lambda data, rng: mend(change(data, rng), rng),
        most_bytes=16_384,
    ),
    Target(
        name="deb",
        prepare=PrepareNothing(refusals(_both, MalformedControl, MalformedName)),
        seeds=DEBS,
        share=60_000,
        change=change_deb,
        most_bytes=32_768,
    ),
    Target(
        name="deb-bytes",
        prepare=PrepareNothing(refusals(_both, MalformedControl, MalformedName)),
        seeds=DEBS,
        share=40_000,
        words=(b"!<arch>\n", b"`\n", b"data.tar.xz", b"control.tar", b"\x28\xb5\x2f\xfd"),
        most_bytes=8192,
    ),
)
