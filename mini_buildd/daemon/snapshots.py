"""From a path of the archive to where the file lies, which for a time in the past is elsewhere.

    <repository>/snapshots/<time>/dists/<distribution>/…    the version that was published then
    <repository>/snapshots/<time>/pool/…, changelogs/…      what is shared

A folder snapshots/<name> that exists is a snapshot that somebody has made, and is served as it is.
"""

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from mini_buildd.archive.history import moment, resolve, snapshot_id
from mini_buildd.daemon.answers import Refused
from mini_buildd.deb.names import MalformedName
from mini_buildd.domain.distribution import DistributionName

# A publication counts from when its Release was dated, and writing it takes a while from then on.
_SETTLED = timedelta(hours=1)


# What never has other bytes under the same name.
_FOR_EVER = re.compile(rb"/[^/]+/(snapshots/[^/]+/)?pool/|.*/by-hash/", re.DOTALL)

_IN_SNAPSHOT = re.compile(
    rb"/([^/]+)/snapshots/([^/]+)/(dists|pool|changelogs)((?:/.*)?)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Place:
    """A *path* below the archive's root, and whether what is there is so for ever, or private."""

    path: bytes
    is_for_ever: bool
    is_private: bool = False


def locate(root: bytes, path: bytes) -> Place:
    """Where *path* (decoded, begins with a slash) of the archive in *root* lies; raises Refused."""
    match = _IN_SNAPSHOT.fullmatch(path) if b"/snapshots/" in path else None
    if match is not None:
        repository, name, kind, rest = match.groups()
        if not _is_folder(root + b"/%b/snapshots/%b" % (repository, name)):
            at = _moment(name)
            if kind == b"dists":
                return _version(root, repository, at, rest)
            path = b"/%b/%b%b" % (repository, kind, rest)
    return Place(path, is_for_ever=_FOR_EVER.match(path) is not None)


def _is_folder(path: bytes) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  # a Path raises when a name is too long


def _moment(name: bytes) -> datetime:
    try:
        return moment(name.decode("ascii", "replace"))
    except ValueError:
        raise Refused(HTTPStatus.NOT_FOUND) from None


def _version(root: bytes, repository: bytes, at: datetime, rest: bytes) -> Place:
    """The version of the distribution, which *rest* begins with, that was published *at*."""
    name, slash, inner = rest[1:].partition(b"/")
    try:
        distribution = DistributionName.parse(name.decode("ascii", "replace"))
    except MalformedName:
        raise Refused(HTTPStatus.NOT_FOUND) from None
    suite = b"/%b/suites/%b" % (repository, name)
    if not _is_folder(root + suite):
        raise Refused(HTTPStatus.NOT_FOUND)
    number = resolve(Path(os.fsdecode(root + suite)), at)
    if number is None:
        raise Refused(
            HTTPStatus.NOT_FOUND, f"{distribution} had not been published at {snapshot_id(at)}."
        )
    folder = suite + b"/%d" % number
    if not _is_folder(root + folder):
        raise Refused(
            HTTPStatus.GONE,
            f"Version {number} of {distribution}, of {snapshot_id(at)}, is no longer kept.",
        )
    return Place(folder + slash + inner, is_for_ever=datetime.now(UTC) - at > _SETTLED)
