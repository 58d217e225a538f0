"""Saving an instance while it works, so that it can be made anew from what was saved.

The database is copied as it is at one moment; then come the files that this copy names, which
cannot go meanwhile. What can be made anew is left out: chroots, caches, builds that run. Each
backup is whole by itself, and shares with the one before what is the same.
"""

import errno
import json
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, cast

import zstandard

from mini_buildd.config.load import FILE_NAME
from mini_buildd.db.models import Repository
from mini_buildd.db.saved import ended_builds, faults, save_database, saved_files
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import BackupImpossible
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.locks import pool_lock
from mini_buildd.flow.restore import HOME, NOTE, newest
from mini_buildd.flow.site import Site
from mini_buildd.kit.atomic import beside, sync_file, sync_filesystem, sync_folder, write_file
from mini_buildd.kit.hashing import sha256_of
from mini_buildd.kit.keep import Keeper

_TIME = "%Y%m%dT%H%M%SZ"
# Every change to these is a new file; they are never written to.
_FIXED = ("spool/files", "spool/uploads", "spool/aims")
_COPIED = ("gnupg", "tls", "ssh")
_DATABASE = "db.sqlite3"


@dataclass(frozen=True, slots=True)
class Saved:
    """A backup: where, and how much is in it; *linked* files take no room of their own."""

    path: Path
    made_at: str
    identity: str
    files: int
    size_bytes: int
    linked: int


@tells_full_disk
def backup(site: Site, target: Path, by: Actor, *, verifies: bool = False) -> Saved:
    """Save the instance below the folder *target*, or to the file if that ends in .tar or .tar.zst.

    What was saved is compared with what the database says: sizes, and digests if it *verifies*.
    Raises NotAllowed, BackupImpossible, DiskFull.
    """
    demand(by, Act.CONFIGURE)
    _check_target(site, target)
    if target.name.endswith((".tar", ".tar.zst")):
        with _scratch(site.places.home) as folder:
            saved = _save(site, folder, None, verifies=verifies)
            _pack(folder, target)
            return Saved(target, *_rest(saved))
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    at = site.clock()
    with _scratch(target) as folder:
        saved = _save(site, folder, newest(target), verifies=verifies)
        sync_filesystem(folder)
        final = _named(folder, target, at)
    sync_folder(target)
    return Saved(final, *_rest(saved))


def _named(folder: Path, target: Path, at: datetime) -> Path:
    """*folder* under the name of its time in *target*; of two of a second, one has the next."""
    while True:
        final = target / at.strftime(_TIME)
        try:
            return folder.rename(final)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
            at += timedelta(seconds=1)


def _rest(saved: Saved) -> tuple[str, str, int, int, int]:
    return saved.made_at, saved.identity, saved.files, saved.size_bytes, saved.linked


def _check_target(site: Site, target: Path) -> None:
    home, found = site.places.home.resolve(), target.resolve()
    if found == home or home in found.parents:
        raise BackupImpossible(
            expected="a place outside of the instance",
            found=str(target),
            hint="Name another folder, best on another disk.",
        )


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A new folder in *folder*, which is gone afterwards unless it was renamed."""
    made = beside(folder / "backup")
    made.mkdir(mode=0o700)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _save(site: Site, folder: Path, before: Path | None, *, verifies: bool) -> Saved:
    home = folder / HOME
    home.mkdir(mode=0o700)
    keeper = Keeper(site.places.home, home, before / HOME if before is not None else None)
    with ExitStack() as held:
        for repository in Repository.objects.order_by("name"):
            held.enter_context(pool_lock(site, repository.name))
        # Before as well as after: what is taken in meanwhile goes from here into the pool.
        _keep_spool(keeper)
        save_database(home / _DATABASE)
        _keep_spool(keeper)
        _keep_archive(keeper, home / _DATABASE)
    _keep_rest(keeper, home / _DATABASE)
    _check(home, verifies=verifies)
    kept = keeper.kept
    saved = Saved(
        folder,
        site.clock().isoformat(timespec="seconds"),
        site.settings.identity,
        kept.files + 1,
        kept.size_bytes + (home / _DATABASE).stat().st_size,
        kept.linked,
    )
    note = {name: value for name, value in asdict(saved).items() if name != "path"}
    note |= {"format": 1, "database_sha256": sha256_of(home / _DATABASE)}
    write_file(folder / NOTE, (json.dumps(note, indent=1) + "\n").encode(), mode=0o600)
    return saved


def _keep_spool(keeper: Keeper) -> None:
    for path in _FIXED:
        keeper.tree(path, is_fixed=True, wanted=_is_whole)


def _keep_archive(keeper: Keeper, database: Path) -> None:
    """Pointers first: what they lead to is kept for days, and what comes meanwhile is made anew."""
    for file in saved_files(database):
        keeper.file(f"archive/{file.repository}/{file.path}", is_fixed=True)
    for part in ("dists", ""):
        keeper.tree(
            "archive",
            is_fixed=True,
            wanted=lambda name, part=part: (  # type: ignore[misc]  # mypy knows no defaults here
                _is_whole(name) and not _in(name, "pool") and (_in(name, part) if part else True)
            ),
        )


def _in(name: str, part: str) -> bool:
    """Whether *name*, archive/<repository>/<part>/…, is of that part."""
    return name.split("/")[2:3] == [part]


def _is_whole(name: str) -> bool:
    """Whether a file of that name is not just being written."""
    return "/." not in name


def _keep_rest(keeper: Keeper, database: Path) -> None:
    for token in sorted(ended_builds(database)):
        keeper.file(f"builds/{token}/log.zst", is_fixed=True)
        keeper.file(f"builds/{token}/log", is_fixed=False)
    for path in _COPIED:
        keeper.tree(path, is_fixed=False, wanted=lambda name: not name.endswith(".lock"))
    for name in (FILE_NAME, "secret-key"):
        keeper.file(name, is_fixed=False)


def _check(home: Path, *, verifies: bool) -> None:
    """Raise BackupImpossible unless all that the copy of the database names was saved."""
    wrong = faults(home / _DATABASE)
    for file in saved_files(home / _DATABASE):
        path = home / "archive" / file.repository / file.path
        if not path.is_file():
            wrong.append(f"{file.path} is not there")
        elif path.stat().st_size != file.size_bytes:
            wrong.append(f"{file.path} has another size")
        elif verifies and sha256_of(path) != file.sha256:
            wrong.append(f"{file.path} has another digest")
    if wrong:
        raise BackupImpossible(
            expected="an instance whose database and files fit",
            found="; ".join([*wrong[:5], *["…"] * (len(wrong) > 5)]),  # noqa: PLR2004  # a few tell enough
            hint="See what is wrong, and mend it: mini-buildd archive check --repair",
        )


def _pack(folder: Path, target: Path) -> None:
    """Put what is in *folder* into the file *target*."""
    temporary = beside(target)
    try:
        temporary.touch(mode=0o600)
        with (
            temporary.open("wb") as stream,
            _compressed(stream, target) as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
        ):
            tar.add(folder, arcname=".")
        sync_file(temporary)
        temporary.rename(target)
        sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _compressed(stream: IO[bytes], target: Path) -> Iterator[IO[bytes]]:
    if not target.name.endswith(".zst"):
        yield stream
        return
    with zstandard.ZstdCompressor(level=3).stream_writer(stream, closefd=False) as writer:
        yield cast("IO[bytes]", writer)
