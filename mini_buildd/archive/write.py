"""A version of a suite onto the disk, beside what is published and invisible to readers.

Indexes are stored once, by hash; a version's folder holds further names for them. What is hashed
into Release is what was put together, never what happens to lie in the folder.
"""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain, count
from pathlib import Path

from mini_buildd.archive.plan import Content, ReleaseLine, SuiteFace, release_text
from mini_buildd.archive.sign import Signer
from mini_buildd.archive.suite_state import IndexCache, SuiteState, make_indexes
from mini_buildd.archive.tree import Tree
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.kit.atomic import beside, copy_file, sync_file, sync_folder


def cache_of(tree: Tree, distribution: DistributionName) -> IndexCache:
    """The cache of the suite's indexes."""
    return IndexCache(tree.cache / str(distribution))


def write_version(tree: Tree, face: SuiteFace, content: Content, signer: Signer) -> None:
    """Write and sign version *face.number*, replacing a half-written one of that number."""
    blobs = tree.blobs(face.distribution)
    blobs.mkdir(parents=True, exist_ok=True)
    state = make_indexes(cache_of(tree, face.distribution), face, content, blobs)
    sync_folder(blobs)
    release = release_text(face, _release_lines(state))
    with _Making(tree.version(face.distribution, face.number)) as folder:
        for path, index in state.indexes.items():
            for file in index.files:
                if file.form:
                    _name(folder, blobs, f"{path}.{file.form}", file.sha256)
        _sign(folder, release, signer, since=_next_second(tree, face.distribution))


def write_face(tree: Tree, face: SuiteFace, signer: Signer, *, valid_until: datetime | None) -> str:
    """Sign version *face.number* once more, dated *face.date*; gives the name of its folder.

    Its indexes are those of the version, which must be there: FileNotFoundError.
    """
    version = tree.version(face.distribution, face.number)
    lines = list(release_lines((version / "Release").read_bytes()))
    release = release_text(face, lines, valid_until=valid_until)
    final = _unused(version.with_name(f"{face.number}.{face.date:%Y%m%dT%H%M%SZ}"))
    with _Making(final) as folder:
        for entry in os.scandir(version):
            if entry.is_dir():
                (folder / entry.name).symlink_to(f"../{face.number}/{entry.name}")
        _sign(folder, release, signer, since=_next_second(tree, face.distribution))
    return final.name


def is_version_of(tree: Tree, face: SuiteFace) -> bool:
    """Whether what lies there as version *face.number* is of *face*'s date.

    It is not if it was decided after the backup that the records were restored from.
    """
    try:
        release = (tree.version(face.distribution, face.number) / "Release").read_bytes()
    except FileNotFoundError:
        return False
    ours = release_text(face, ())
    return _date_of(release) == _date_of(ours)


def _date_of(release: bytes) -> bytes:
    return release.partition(b"\nDate: ")[2].partition(b"\n")[0]


def _next_second(tree: Tree, distribution: DistributionName) -> float:
    """The time that the files of the next Release get.

    It is a later second than that of what is published: web servers tell clients by the second
    whether a file has changed, so of two publications within one the later would not be noticed.
    """
    try:
        shown = (tree.pointer(distribution) / "InRelease").stat().st_mtime
    except FileNotFoundError:
        return time.time()
    return max(time.time(), int(shown) + 1)


def _unused(path: Path) -> Path:
    """*path*, or it with a number: what is shown already is not taken away to be replaced."""
    further = (path.with_name(f"{path.name}.{number}") for number in count(2))
    return next(each for each in chain([path], further) if not each.exists())


def _release_lines(state: SuiteState) -> Iterator[ReleaseLine]:
    for path, index in state.indexes.items():
        for file in index.files:
            name = f"{path}.{file.form}" if file.form else path
            yield ReleaseLine(name, file.size_bytes, file.sha256)


def release_lines(release: bytes) -> Iterator[ReleaseLine]:
    """What a Release of ours says under SHA256, which is its last field.

    Of anything else it may raise ValueError.
    """
    for line in release.decode().partition("\nSHA256:\n")[2].splitlines():
        digest, size, path = line.split()
        yield ReleaseLine(path, int(size), digest)


class _Making:
    """A folder that gets its final name, durably, once all of it is there."""

    def __init__(self, final: Path) -> None:
        self._final = final
        self._folder = beside(final)

    def __enter__(self) -> Path:
        self._folder.mkdir()
        return self._folder

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        try:
            if kind is not None:
                return
            for each, _folders, files in os.walk(self._folder):
                for name in files:
                    if not name.endswith(_FORMS):  # those are names of blobs, which are durable
                        sync_file(Path(each, name))
                sync_folder(Path(each))
            going = beside(self._final)
            if self._final.exists():  # clients may be reading it: removing it takes longer
                self._final.rename(going)
            self._folder.rename(self._final)
            sync_folder(self._final.parent)
            shutil.rmtree(going, ignore_errors=True)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


_FORMS = (".gz", ".xz", ".zst")


def _name(folder: Path, blobs: Path, path: str, digest: str) -> None:
    """Let *path* be a further name of that blob."""
    target = folder / path
    by_hash = target.parent / "by-hash"
    if not by_hash.is_symlink():
        target.parent.mkdir(parents=True, exist_ok=True)
        by_hash.symlink_to(os.path.relpath(blobs.parent.resolve(), target.parent.resolve()))
    try:
        target.hardlink_to(blobs / digest)
    except OSError:  # the empty index may have as many names as the file system lets it have
        copy_file(blobs / digest, target)


def _sign(folder: Path, release: bytes, signer: Signer, *, since: float) -> None:
    files: Mapping[str, bytes] = {
        "Release": release,
        "Release.gpg": signer.sign_detached(release),
        "InRelease": signer.clearsign(release),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o644)  # whatever the umask
        os.utime(folder / name, (since, since))
