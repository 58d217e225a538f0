"""A version of a suite onto the disk, beside what is published and invisible to readers.

Indexes are stored once, by hash; a version's folder holds further names for them. What is hashed
into Release is what this run wrote, never what happens to lie in the folder.
"""

import gzip
import hashlib
import lzma
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from mini_buildd.archive.plan import IndexFile, SuiteContent, plan_indexes, release_text
from mini_buildd.archive.sign import Signer
from mini_buildd.archive.tree import Tree
from mini_buildd.kit.atomic import beside, sync_folder, write_file

_COMPRESSIONS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": lambda data: gzip.compress(data, compresslevel=6, mtime=0),
    ".xz": lambda data: lzma.compress(data, preset=6),
}


def write_version(tree: Tree, content: SuiteContent, signer: Signer) -> None:
    """Write and sign version *content.number*, replacing a half-written one of that number."""
    blobs = tree.blobs(content.distribution)
    blobs.mkdir(parents=True, exist_ok=True)
    final = tree.version(content.distribution, content.number)
    folder = beside(final)
    try:
        folder.mkdir()
        files = [
            _write_index(folder, blobs, path + suffix, compress(text))
            for path, text in plan_indexes(content).items()
            for suffix, compress in _COMPRESSIONS.items()
        ]
        release = release_text(content, files)
        for name, data in (
            ("Release", release),
            ("Release.gpg", signer.sign_detached(release)),
            ("InRelease", signer.clearsign(release)),
        ):
            write_file(folder / name, data)
        _sync(blobs, folder)
        if final.exists():
            shutil.rmtree(final)
        folder.rename(final)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    sync_folder(final.parent)


def _write_index(folder: Path, blobs: Path, path: str, data: bytes) -> IndexFile:
    digest = hashlib.sha256(data).hexdigest()
    blob = blobs / digest
    if not blob.exists():
        write_file(blob, data, mode=0o644)
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    by_hash = target.parent / "by-hash"
    if not by_hash.is_symlink():
        by_hash.symlink_to(os.path.relpath(blobs.parent.resolve(), target.parent.resolve()))
    try:
        target.hardlink_to(blob)
    except OSError:  # the empty index may have as many names as the file system lets it have
        write_file(target, data)
    return IndexFile(path, len(data), digest)


def _sync(blobs: Path, folder: Path) -> None:
    sync_folder(blobs)
    for each, _, _ in os.walk(folder):
        sync_folder(Path(each))
