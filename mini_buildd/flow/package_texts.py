"""The texts that come with a package: its changelog, its copyright, in what two versions differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.archive.contents import unpack_listing
from mini_buildd.archive.tree import changelog_path
from mini_buildd.db.queries.package import BinaryRow, SourceVersion, VersionRow, find_listing
from mini_buildd.deb.changelog import entries_since
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.names import Component, MalformedName, PackageName, SourceName
from mini_buildd.deb.payload import read_copyright
from mini_buildd.deb.version import Version, compare
from mini_buildd.flow.hosted import tree
from mini_buildd.flow.package import BUILD_RELATIONS, RELATIONS, Related, relations

# The newest entries stand first, so what is cut off is what is oldest.
SHOWN_BYTES = 256 << 10
# To be unpacked while somebody waits for the page.
_LARGEST_DEB_BYTES = 32 << 20
MOST_PATHS = 500


@dataclass(frozen=True, slots=True)
class Text:
    """Some text, *is_cut* at its end; *path* is where the archive has all of it, or empty."""

    text: str
    is_cut: bool
    path: str = ""


def changelog(version: SourceVersion) -> Text:
    """The published changelog, or else what the upload said is new."""
    return published_changelog(version.name, version.row) or Text(version.news, is_cut=False)


def published_changelog(name: str, row: VersionRow) -> Text | None:
    """What the archive has as the changelog of that version; None when it has none."""
    try:
        path = changelog_path(Component(row.component), SourceName(name), _plain(row.version))
        with (tree(row.repository).root / path).open("rb") as stream:
            data = stream.read(SHOWN_BYTES + 1)
    except (FileNotFoundError, MalformedName):
        return None
    text = data[:SHOWN_BYTES].decode("utf-8", "replace")
    return Text(text, len(data) > SHOWN_BYTES, path)


def _plain(version: str) -> str:
    return Version(version).without_epoch


def copyright_of(version: SourceVersion) -> Text | None:
    """What the smallest of its binary packages says of its copyright; None where none does."""
    root = tree(version.row.repository).root
    files = sorted(
        (each.file.size_bytes, each.file.path, each.package)
        for each in version.binaries
        if not (each.is_debug or each.is_udeb or each.file.is_gone)
    )
    for size, path, package in files[:3]:
        if size <= _LARGEST_DEB_BYTES:
            data = _copyright(root / path, package)
            if data:
                text = data[:SHOWN_BYTES].decode("utf-8", "replace")
                return Text(text, len(data) > SHOWN_BYTES)
    return None


def _copyright(path: Path, package: str) -> bytes | None:
    try:
        return read_copyright(path, PackageName(package))
    except (MalformedControl, MalformedName):
        return None


# --- two versions -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A relation field: what it had more before, and what it has more now."""

    field: str
    gone: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BinaryChange:
    """A binary package in two versions, on an architecture that has both; sizes None: it is not.

    *is_cut* when more paths came or went than are told.
    """

    package: str
    architecture: str
    old_bytes: int | None
    new_bytes: int | None
    fields: tuple[FieldChange, ...] = ()
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """In what the *new* version of a source package differs from the *old* one."""

    old: SourceVersion
    new: SourceVersion
    news: str
    fields: tuple[FieldChange, ...]
    binaries: tuple[BinaryChange, ...]


def compare_versions(old: SourceVersion, new: SourceVersion) -> Comparison:
    """What has changed from *old* to *new*, the later one whichever it is."""
    return Comparison(
        old,
        new,
        _news(old, new),
        tuple(_changes(old.paragraph, new.paragraph, BUILD_RELATIONS)),
        tuple(_binaries(old.binaries, new.binaries)),
    )


def _news(old: SourceVersion, new: SourceVersion) -> str:
    before, after = Version(old.row.version), Version(new.row.version)
    if compare(before, after) > 0:
        old, new, before = new, old, after
    text = changelog(new)
    return entries_since(text.text, before) if text.path else text.text


def _changes(old: str, new: str, fields: Sequence[str]) -> Iterable[FieldChange]:
    before, after = _fields(relations(old, fields)), _fields(relations(new, fields))
    for name in fields:
        one, two = before.get(name, ()), after.get(name, ())
        gone = tuple(each for each in one if each not in two)
        come = tuple(each for each in two if each not in one)
        if gone or come:
            yield FieldChange(name, gone, come)


def _fields(found: Iterable[Related]) -> Mapping[str, tuple[str, ...]]:
    return {
        each.field: tuple(" | ".join(map(str, group)) for group in each.groups) or (each.text,)
        for each in found
    }


def _binaries(old: Sequence[BinaryRow], new: Sequence[BinaryRow]) -> Iterable[BinaryChange]:
    before, after = _by_name(old), _by_name(new)
    for package in sorted({*before, *after}):
        one, two = before.get(package, {}), after.get(package, {})
        shared = sorted({*one} & {*two})
        if shared:
            yield _binary(one[shared[0]], two[shared[0]])
        else:
            gone, come = next(iter(one.values()), None), next(iter(two.values()), None)
            only = come or gone
            yield BinaryChange(
                package,
                only.architecture if only is not None else "",
                gone.file.size_bytes if gone is not None else None,
                come.file.size_bytes if come is not None else None,
            )


def _by_name(rows: Iterable[BinaryRow]) -> dict[str, dict[str, BinaryRow]]:
    found: dict[str, dict[str, BinaryRow]] = {}
    for row in rows:
        if not row.is_debug:
            found.setdefault(row.package, {}).setdefault(row.architecture, row)
    return found


def _binary(old: BinaryRow, new: BinaryRow) -> BinaryChange:
    one, two = (set(unpack_listing(find_listing(each.id))) for each in (old, new))
    gone, come = sorted(one - two), sorted(two - one)
    return BinaryChange(
        new.package,
        new.architecture,
        old.file.size_bytes,
        new.file.size_bytes,
        tuple(_changes(old.paragraph, new.paragraph, RELATIONS)),
        tuple(path.decode("utf-8", "replace") for path in gone[:MOST_PATHS]),
        tuple(path.decode("utf-8", "replace") for path in come[:MOST_PATHS]),
        max(len(gone), len(come)) > MOST_PATHS,
    )
