"""Tar files of packages, front to back and within bounds.

Python's own tarfile is made for all tar files there are, and takes ten times as long. dpkg reads
ustar and GNU's long names and refuses all else (deb(5), dpkg's lib/dpkg/tarfn.c); so does this.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mini_buildd.deb.container import Reader
from mini_buildd.deb.deb822 import MalformedControl

_BLOCK_BYTES = 512
_END = bytes(_BLOCK_BYTES)
_USTAR = b"ustar\x00"
_LONG_NAME, _LONG_LINK = b"L", b"K"
_FOLDER = b"5"
_REGULAR = b"0"
# Regular files, hard and symbolic links, devices, folders, pipes.
_KINDS = frozenset(b"01234567")
_HAS_CONTENT = frozenset({b"0", b"7"})
_SKIP_BYTES = 1 << 18
_MAX_NAME_BYTES = 4096  # PATH_MAX


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much there may be: bytes unpacked, and members."""

    unpacked_bytes: int
    members: int


@dataclass(frozen=True, slots=True)
class Member:
    """One file; *name* without what leads to the root: "./", "/"."""

    name: bytes
    kind: bytes
    size_bytes: int

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.kind == _FOLDER

    @property
    def is_regular(self) -> bool:
        """Whether it has content."""
        return self.kind in _HAS_CONTENT


class TarReader:
    """Iterating gives the members; read() is for the one that was given last."""

    def __init__(self, stream: Reader, bounds: Bounds) -> None:
        self._stream, self._bounds = stream, bounds
        self._unpacked = 0
        self._content = 0  # bytes of the member's content that are still to come
        self._padding = 0

    def __iter__(self) -> Iterator[Member]:
        """The members in their order; raises MalformedControl."""
        long_name: bytes | None = None
        for _ in range(self._bounds.members):
            self._skip(self._content + self._padding)
            self._content = self._padding = 0
            head = self._take(_BLOCK_BYTES)
            if head == _END:
                return
            kind, size = _kind_and_size(head)
            self._content, self._padding = size, -size % _BLOCK_BYTES
            if kind in (_LONG_NAME, _LONG_LINK):
                text = self.read(_MAX_NAME_BYTES).partition(b"\0")[0]
                long_name = text if kind == _LONG_NAME else long_name
                continue
            name = _name(head) if long_name is None else long_name
            long_name = None
            yield Member(_from_root(name), kind, size)
        raise MalformedControl(f"it has more than {self._bounds.members} files")

    def read(self, most_bytes: int) -> bytes:
        """The content of the member at hand; raises MalformedControl if it is more than that."""
        if self._content > most_bytes:
            raise MalformedControl(f"{self._content} bytes, where {most_bytes} are the most")
        data = self._take(self._content)
        self._content = 0
        return data

    def _take(self, size: int) -> bytes:
        self._count(size)
        data = self._stream.read(size)
        while len(data) < size:
            more = self._stream.read(size - len(data))
            if not more:
                raise MalformedControl("its tar file ends too early")
            data += more
        return data

    def _skip(self, size: int) -> None:
        self._count(size)
        while size > 0:
            data = self._stream.read(min(size, _SKIP_BYTES))
            if not data:
                raise MalformedControl("its tar file ends too early")
            size -= len(data)

    def _count(self, size: int) -> None:
        self._unpacked += size
        if self._unpacked > self._bounds.unpacked_bytes:
            most = self._bounds.unpacked_bytes
            raise MalformedControl(f"it unpacks to more than {most} bytes")


def _kind_and_size(head: bytes) -> tuple[bytes, int]:
    if _number(head[148:156]) != sum(head) - sum(head[148:156]) + 8 * 0x20:
        raise MalformedControl("its tar file is damaged")
    kind = head[156:157].replace(b"\0", _REGULAR)
    size = _number(head[124:136])
    if kind in (_LONG_NAME, _LONG_LINK):
        return kind, size
    if kind[0] not in _KINDS:
        raise MalformedControl(f"its tar file has something of the unknown kind {kind!r}")
    return kind, size if kind in _HAS_CONTENT else 0


def _number(field: bytes) -> int:
    if field[:1] == b"\x80":  # GNU's way for large ones: base 256
        return int.from_bytes(field[1:])
    digits = field.strip(b" \0")
    if not digits.isdigit() or digits.strip(b"01234567"):
        raise MalformedControl("its tar file is damaged")
    return int(digits, 8)


def _name(head: bytes) -> bytes:
    name = head[:100].partition(b"\0")[0]
    if head[257:263] == _USTAR and head[345]:
        return head[345:500].partition(b"\0")[0] + b"/" + name
    return name


def _from_root(name: bytes) -> bytes:
    if b"\n" in name:  # dpkg refuses these, too
        raise MalformedControl("a file name with a line feed in it")
    return b"" if name == b"." else name.removeprefix(b"./").strip(b"/")
