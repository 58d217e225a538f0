"""Tens of thousands of tiny, valid packages, made quickly and kept in the cache."""

import fcntl
import gzip
import hashlib
import io
import os
import random
import tarfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.kit.atomic import beside, write_file
from mini_buildd.tests.bench.controls import Control, choose, host_index, parse_control
from mini_buildd.tests.scenario import host_architecture

MOST = 60_000
# They lie before the others, so that each size adds the same ones.
EXTRA = 16
_MADE_AT = 1_700_000_000
# For fewer it is not worth while to start further processes.
_FEW = 500


@dataclass(frozen=True, slots=True)
class PackageSet:
    """A folder with packages to import, their names in order, and further packages to add."""

    folder: Path
    names: tuple[str, ...]
    extra: tuple[Path, ...]


def package_set(
    cache: Path,
    folder: Path,
    size: int,
    *,
    index: Callable[[], str] = host_index,
    most: int = MOST,
) -> PackageSet:
    """*folder*, made now, with *size* packages: the first ones of those that *cache* keeps.

    They are hard links, so *folder* has to be on the same file system; nobody may write into the
    files. What is missing in *cache* is made, from *index* when it is the first time.
    """
    if size > most:
        raise ValueError(f"at most {most} packages")
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache):
        controls = _kept_controls(cache, index, most + EXTRA)[: EXTRA + size]
        debs = _kept_debs(cache / "debs", controls)
    folder.mkdir()
    for deb in debs[EXTRA:]:
        os.link(deb, folder / deb.name)
    return PackageSet(folder, tuple(each.package for each in controls[EXTRA:]), debs[:EXTRA])


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two that make the same packages at once would do the work twice."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _kept_controls(cache: Path, index: Callable[[], str], count: int) -> list[Control]:
    """Chosen once for all sizes and runs: this machine's indexes change from day to day."""
    kept = cache / "controls.gz"
    if not kept.exists():
        print("  choosing what the packages say")
        texts = "\n".join(each.text for each in choose(index(), host_architecture(), count))
        write_file(kept, gzip.compress(texts.encode(), 1))
    texts = gzip.decompress(kept.read_bytes()).decode()
    return [parse_control(text) for text in texts.split("\n\n")]


def _kept_debs(folder: Path, controls: Sequence[Control]) -> tuple[Path, ...]:
    folder.mkdir(exist_ok=True)
    have = set(os.listdir(folder))  # noqa: PTH208  # names are what is compared
    missing = [(folder, each) for each in controls if each.filename not in have]
    if missing:
        print(f"  making {len(missing)} packages", flush=True)
    if len(missing) < _FEW:
        for each in missing:
            _keep(each)
    else:
        with ProcessPoolExecutor() as pool:
            for _ in pool.map(_keep, missing, chunksize=200):
                pass
    return tuple(folder / each.filename for each in controls)


def _keep(wanted: tuple[Path, Control]) -> None:
    folder, control = wanted
    path = folder / control.filename
    temporary = beside(path)
    temporary.write_bytes(make_deb(control))
    temporary.rename(path)


def make_deb(control: Control) -> bytes:
    """The bytes of a package: *control* and about ten small files, alike each time (deb(5))."""
    name = control.package
    chance = random.Random(name)  # noqa: S311  # nothing secret
    doc = f"./usr/share/doc/{name}"
    files = {
        f"./usr/bin/{name}": b"#!/bin/sh\n",
        f"{doc}/changelog.Debian.gz": chance.randbytes(chance.randrange(200, 2000)),
        f"{doc}/copyright": b"License: GPL-2+\n",
    }
    for number in range(chance.randrange(3, 12)):
        files[f"./usr/share/{name}/part-{number}"] = b"%d\n" % number
    md5sums = "".join(
        f"{hashlib.md5(data, usedforsecurity=False).hexdigest()}  {path[2:]}\n"
        for path, data in files.items()
    )
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": _tar({"./control": control.text.encode(), "./md5sums": md5sums.encode()}),
        "data.tar.gz": _tar(files),
    }
    return b"!<arch>\n" + b"".join(_ar_member(*member) for member in members.items())


def _ar_member(name: str, data: bytes) -> bytes:
    """Name, date, owner, group, mode, size; padded to an even length."""
    head = f"{name:<16}{_MADE_AT:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n"
    return head.encode() + data + b"\n" * (len(data) % 2)


def _tar(files: dict[str, bytes]) -> bytes:
    """A compressed tar file with *files* and, before each, the folders above it."""
    blocks = io.BytesIO()
    seen: set[str] = set()
    for path, data in files.items():
        parts = path.split("/")
        for folder in ("/".join(parts[:depth]) + "/" for depth in range(1, len(parts))):
            if folder not in seen:
                seen.add(folder)
                blocks.write(_tar_head(folder, 0, tarfile.DIRTYPE, 0o755))
        mode = 0o755 if "/bin/" in path else 0o644
        blocks.write(_tar_head(path, len(data), tarfile.REGTYPE, mode))
        blocks.write(data + bytes(-len(data) % tarfile.BLOCKSIZE))
    blocks.write(bytes(2 * tarfile.BLOCKSIZE))
    return gzip.compress(blocks.getvalue(), 1, mtime=0)


def _tar_head(name: str, size: int, kind: bytes, mode: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.mode = size, kind, mode
    info.mtime, info.uname, info.gname = _MADE_AT, "root", "root"
    return info.tobuf(tarfile.GNU_FORMAT)
