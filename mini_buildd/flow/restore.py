"""Making an instance from a backup; without any database but the one that was saved."""

import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import zstandard

from mini_buildd.domain.problem import BackupImpossible
from mini_buildd.kit.atomic import beside, sync_filesystem, sync_folder
from mini_buildd.kit.hashing import sha256_of

NOTE, HOME = "backup.json", "home"


def newest(folder: Path) -> Path | None:
    """The newest whole backup in *folder*; their names are their times."""
    found = sorted(note.parent for note in folder.glob(f"*/{NOTE}"))
    whole = [each for each in found if not each.name.startswith(".")]
    return whole[-1] if whole else None


def restore(source: Path, home: Path) -> dict[str, Any]:
    """Make *home* from the backup *source*; what is told is what the backup says of itself.

    Raises BackupImpossible. The home is there wholly, or not at all.
    """
    if home.is_symlink() or (home.exists() and (not home.is_dir() or any(home.iterdir()))):
        raise BackupImpossible(
            expected="a home that is not there yet, or is empty",
            found=f"{home}, where something is",
            hint="Move it away first, or name another one: mini-buildd --home FOLDER restore",
        )
    made = beside(home)
    try:
        note = _from_folder(source, made) if source.is_dir() else _from_file(source, made)
        _check(made, note)
        sync_filesystem(made)
        if home.is_dir():
            home.rmdir()
        made.rename(home)
        sync_folder(home.parent)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return note


def _check(made: Path, note: dict[str, Any]) -> None:
    """Raise BackupImpossible where something was lost on the way, as of a copy that was cut off."""
    database = made / "db.sqlite3"
    if not database.is_file() or sha256_of(database) != note["database_sha256"]:
        raise _impossible("its database as it was saved", "another one, or none")
    count = sum(len(names) for _, _, names in os.walk(made)) + _linked_folders(made)
    if count < note["files"]:
        raise _impossible(f"all {note['files']} files that were saved", f"{count} of them")


def _linked_folders(made: Path) -> int:
    """How many links lead to folders, which os.walk() takes for such."""
    return sum(
        (Path(root) / name).is_symlink() for root, names, _ in os.walk(made) for name in names
    )


def _from_folder(source: Path, made: Path) -> dict[str, Any]:
    chosen = source if (source / NOTE).is_file() else newest(source)
    if chosen is None:
        raise _impossible("a backup, or a folder with some", f"none in {source}")
    # Copies, never links: what is saved has to stay as it is.
    shutil.copytree(chosen / HOME, made, symlinks=True)
    return _read_note((chosen / NOTE).read_bytes())


def _read_note(data: bytes) -> dict[str, Any]:
    try:
        note = json.loads(data)
    except ValueError:
        note = None
    if (
        not isinstance(note, dict)
        or note.get("format") != 1
        or not {"database_sha256", "files"} <= note.keys()
    ):
        raise _impossible("a backup that this version can read", f"another {NOTE}")
    return note


def _from_file(source: Path, made: Path) -> dict[str, Any]:
    note = b""
    made.mkdir(mode=0o700)
    try:
        with (
            source.open("rb") as stream,
            _plain(stream) as packed,
            tarfile.open(fileobj=packed, mode="r|") as tar,
        ):
            for member in tar:
                path = PurePosixPath(member.name)
                if path == PurePosixPath(NOTE):
                    note = _bytes(tar, member).read()
                elif path.parts[:1] == (HOME,):
                    _unpack(tar, member, made, path.relative_to(HOME))
    except (tarfile.TarError, zstandard.ZstdError) as error:
        raise _impossible("a file as backup makes it", f"{source}: {error}") from None
    return _read_note(note)


@contextmanager
def _plain(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    magic = stream.read(4)
    stream.seek(0)
    if magic != b"\x28\xb5\x2f\xfd":
        yield stream
        return
    with zstandard.ZstdDecompressor().stream_reader(stream, closefd=False) as reader:
        yield cast("IO[bytes]", reader)


def _bytes(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    found = tar.extractfile(member) if member.isreg() else None
    if found is None:
        raise _impossible("files and folders only", f"{member.name}, which is neither")
    return found


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, made: Path, path: PurePosixPath) -> None:
    """One member of the file; nothing that it says leads out of *made*."""
    target, root = made / path, made.resolve()
    folder = target.parent.resolve() if path.parts else root  # a link may lead out of it
    if ".." in path.parts or (folder != root and root not in folder.parents):
        raise _impossible("names inside of the instance", member.name)
    if member.isdir():
        target.mkdir(exist_ok=True)
        target.chmod(member.mode & 0o777)
    elif member.issym():
        target.symlink_to(member.linkname)
    elif member.islnk():
        linked = PurePosixPath(member.linkname)
        other = made.joinpath(*linked.parts[1:])
        is_inside = linked.parts[:1] == (HOME,) and root in other.resolve().parents
        if not is_inside or other.is_symlink() or not other.is_file():
            raise _impossible("links inside of the instance", member.linkname)
        shutil.copy2(other, target)
    else:
        with _bytes(tar, member) as source, target.open("xb") as stream:
            shutil.copyfileobj(source, stream, 1 << 20)
        target.chmod(member.mode & 0o777)
        os.utime(target, (member.mtime, member.mtime))


def _impossible(expected: str, found: str) -> BackupImpossible:
    return BackupImpossible(
        expected=expected, found=found, hint="Name a backup that mini-buildd backup has made."
    )
