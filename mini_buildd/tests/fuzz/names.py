"""Names that come from outside: what holds of each that is taken, whatever it was made from."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from mini_buildd.deb.build_options import BuildOption, BuildProfile
from mini_buildd.deb.names import (
    Architecture,
    ArchitectureWildcard,
    ArchivePath,
    Codename,
    Component,
    Fingerprint,
    MalformedName,
    Name,
    PackageName,
    PlainFilename,
    Sha256,
    SourceName,
    pool_prefix,
)
from mini_buildd.deb.version import Version, compare
from mini_buildd.domain.distribution import DistributionName, RepositoryName, SuiteName
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.tests.fuzz.target import Take, Target, Wrong

KINDS: tuple[type[Name], ...] = (
    Architecture,
    ArchitectureWildcard,
    BuildProfile,
    Codename,
    Component,
    Fingerprint,
    PackageName,
    PlainFilename,
    RepositoryName,
    Sha256,
    SnapshotName,
    SourceName,
    SuiteName,
    Version,
)
_Kind = TypeVar("_Kind", bound=Name)
_BAD = frozenset("/\\\0\n\r\t '\"$`;&|<>*?[](){}!#,@^")


def _prepare(folder: Path) -> Take:
    """Each text is tried as a name of every kind."""

    def take(data: bytes) -> str:
        text = data.decode("utf-8", "surrogateescape")
        taken = [name for kind in KINDS for name in _made(kind, text)]
        for name in taken:
            _demand_plain(folder, text, name)
        _others(text)
        _distribution(text)
        return "a name of some kind" if taken else "no name of any kind"

    return take


def _made(kind: type[_Kind], text: str) -> Iterator[_Kind]:
    try:
        yield kind(text)
    except MalformedName:
        return


def _demand_plain(folder: Path, text: str, name: Name) -> None:
    """Joined to a path, it stays a file right in that folder; and it is just what was given."""
    if name != text or not name.isascii() or set(name) & _BAD or name.startswith((".", "-", "~")):
        raise Wrong(f"{text!r} is no {name.kind}")
    if (folder / name).parent != folder or (folder / name).resolve().parent != folder.resolve():
        raise Wrong(f"{text!r} as {name.kind} leaves its folder")


def _others(text: str) -> None:
    """Those with parts, or with blanks and slashes of their own."""
    for path in _made(ArchivePath, text):
        if any(part in ("", ".", "..") or part.startswith(".") for part in path.split("/")):
            raise Wrong(f"{text!r} is no path in an archive")
    for option in _made(BuildOption, text):
        if set(option) & (_BAD - {"/", ","}):
            raise Wrong(f"{text!r} is no build option")
    for source in _made(SourceName, text):
        if not source.startswith(pool_prefix(source)) or not pool_prefix(source):
            raise Wrong(f"{text!r} has no place in the pool")
    for version in _made(Version, text):
        other = Version("1.0-1")
        if compare(version, version) != 0 or compare(version, other) != -compare(other, version):
            raise Wrong(f"{text!r} has no place among versions")


def _distribution(text: str) -> None:
    """Its parts make the whole again."""
    try:
        name = DistributionName.parse(text)
    except MalformedName:
        return
    if str(name) != text:
        raise Wrong(f"{text!r} is another distribution")


NAMES = Target(
    name="names",
    prepare=_prepare,
    seeds=(
        b"hello",
        b"libc++-13",
        b"1:2.10-3~test13+1",
        b"trixie-test-unstable",
        b"hello_2.10.orig-po.tar.gz.asc",
        b"main/h/hello/hello_1.0.dsc",
        b"parallel=4",
        b"pkg.hello.gui",
        b"any-arm64",
        b"0" * 64,
        b"0123456789ABCDEF0123456789ABCDEF01234567",
    ),
    share=200_000,
    words=(b"/", b"..", b"../", b"\x00", b"~", b"-", b".", b"\n", b"\xe2\x80\xa8"),
    most_bytes=300,
)
