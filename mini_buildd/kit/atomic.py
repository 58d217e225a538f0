"""Files and links that are there whole or not at all, also when the power fails.

Write beside, fsync, rename: a reader sees the old bytes or the new ones, never a mixture, and
after a crash at least the old ones are there.
"""

import contextlib
import ctypes
import os
import secrets
from pathlib import Path


def beside(path: Path) -> Path:
    """A fresh hidden name in the folder of *path*, for what will be renamed to *path*."""
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the bytes of *path* durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_filesystem(folder: Path) -> None:
    """Make all durable that was written to the file system of *folder* (syncfs(2)).

    For thousands of files at once this takes a fraction of the time that each by itself would.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
            raise OSError(ctypes.get_errno(), f"syncfs of {folder}")
    finally:
        os.close(descriptor)


def write_file(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace *path* by *content*, durably; the old file stays whole until then."""
    temporary = beside(path)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, mode)  # whatever the umask: others are to read what is published
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def copy_file(source: Path, target: Path) -> None:
    """Write the bytes of *source* as *target*, which is not there yet; durable with its folder."""
    if not _copy(source, target):
        raise FileExistsError(target)


def point(link: Path, target: str) -> None:
    """Let the symbolic link *link* point to *target* (relative to its folder), durably.

    The swap is one rename: whoever opens a path through *link* sees the old target or the new.
    """
    temporary = beside(link)
    try:
        temporary.symlink_to(target)
        temporary.rename(link)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(link.parent)


def make_folder(folder: Path) -> None:
    """Make *folder* and what is missing above it, durably."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def place(source: Path, target: Path) -> bool:
    """Give the file *source* the second name *target*, durably, without overwriting.

    Returns whether *target* is new. Where links cannot cross (another file system), the bytes are
    copied. Comparing the content of an existing *target* is the caller's part.
    """
    make_folder(target.parent)
    sync_file(source)
    is_new = _link(source, target)
    sync_folder(target.parent)  # also of what a run placed that was killed before this line
    return is_new


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    except OSError:
        return _copy(source, target)
    return True


def _copy(source: Path, target: Path) -> bool:
    temporary = beside(target)
    try:
        with source.open("rb") as reader, temporary.open("xb") as writer:
            while block := reader.read(1 << 20):
                writer.write(block)
            writer.flush()
            os.fsync(writer.fileno())
        os.link(temporary, target)
    except FileExistsError:
        return False
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    return True
