"""Size and digests of a file in one pass."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_BLOCK_BYTES = 1 << 20


class Readable(Protocol):
    """What gives bytes from front to back."""

    def read(self, size: int, /) -> bytes:
        """At most *size* of the next bytes; none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Digests:
    """What identifies the bytes of a file; the digests are lower-case hex."""

    size_bytes: int
    md5: str
    sha1: str
    sha256: str


def hash_file(path: Path) -> Digests:
    """Read *path* once. MD5 and SHA-1 are there for index formats only, never for trust."""
    with path.open("rb") as stream:
        return hash_stream(stream)


def hash_stream(stream: Readable) -> Digests:
    """The same of what *stream* has from where it is."""
    md5 = hashlib.md5(usedforsecurity=False)
    sha1 = hashlib.sha1(usedforsecurity=False)
    sha256 = hashlib.sha256()
    size_bytes = 0
    while block := stream.read(_BLOCK_BYTES):
        size_bytes += len(block)
        for digest in (md5, sha1, sha256):
            digest.update(block)
    return Digests(size_bytes, md5.hexdigest(), sha1.hexdigest(), sha256.hexdigest())


def sha256_of(path: Path) -> str:
    """The SHA-256 of *path* alone, in lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of_bytes(data: bytes) -> str:
    """The SHA-256 of *data*, in lower-case hex."""
    return hashlib.sha256(data).hexdigest()
