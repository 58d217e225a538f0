"""The archive as it is read by apt: plain files over HTTP, and the past by time.

Names are taken as they lie on disk. What begins with a dot is not published; links are followed
within the archive, never out of it.
"""

import errno
import logging
import os
import stat
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from mini_buildd.daemon.answers import Refused, refuse, send, send_file, send_not_modified
from mini_buildd.daemon.conditions import Unsatisfiable, Validators, part_of
from mini_buildd.daemon.listing import listing
from mini_buildd.daemon.snapshots import Place, locate

_log = logging.getLogger(__name__)

# A named pipe would keep us waiting for somebody to write into it.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NOT_THERE = frozenset(
    (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO)
)

_FOR_EVER = b"Cache-Control: public, max-age=31536000, immutable\r\n"
_ASK_AGAIN = b"Cache-Control: no-cache\r\n"

# Uploaders choose the names in the pool; nothing there may become a page of this site.
_BYTES = b"Content-Type: application/octet-stream\r\n"
_TEXT = b"Content-Type: text/plain; charset=utf-8\r\n"
_TEXTS = (b".asc", b".buildinfo", b".changes", b".dsc", b".sources")


class ArchiveFiles(Resource):
    """Everything below the folder *root*."""

    isLeaf = True

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = os.fsencode(root.resolve())

    def render(self, request: Any) -> Any:
        """Answer (IResource)."""
        self.answer(request)
        return NOT_DONE_YET

    def answer(self, request: Any) -> None:
        """Answer *request*, the first segment of whose path is the archive's."""
        try:
            _check_method(request.method)
            place = locate(self._root, _path_in_archive(request.path))
            descriptor = self._open(place.path)
            try:
                _answer_with(request, descriptor, place)
            finally:
                os.close(descriptor)
        except Refused as refused:
            refuse(request, refused)

    def _open(self, path: bytes) -> int:
        try:
            descriptor = os.open(self._root + path, _FLAGS)
        except OSError as error:
            raise _refusal(error) from None
        if not self._may_be_seen(descriptor):
            os.close(descriptor)
            raise Refused(HTTPStatus.NOT_FOUND)
        return descriptor

    def _may_be_seen(self, descriptor: int) -> bool:
        """Whether no link has led outside the archive, nor to what is hidden in it.

        Asked of what is open already, so that nobody can swap a link meanwhile.
        """
        try:
            path = os.readlink(b"/proc/self/fd/%d" % descriptor) + b"/"  # noqa: PTH115  # bytes
        except OSError as error:
            _log.error("cannot tell where a file of the archive lies: %s", error)
            return False
        return path.startswith(self._root + b"/") and b"/." not in path[len(self._root) :]


def _check_method(method: bytes) -> None:
    if method not in (b"GET", b"HEAD"):
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, fields=b"Allow: GET, HEAD\r\n")


def _refusal(error: OSError) -> Refused:
    if error.errno in _NOT_THERE:
        return Refused(HTTPStatus.NOT_FOUND)
    _log.error("cannot open a file of the archive: %s", error)
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, fields=b"Retry-After: 5\r\n")


def _path_in_archive(path: bytes) -> bytes:
    """The part of *path* behind its first segment, decoded, with a slash before it."""
    rest = path[1:].partition(b"/")[2]
    if b"%" in rest:
        if b"%2f" in rest.lower():
            raise Refused(HTTPStatus.NOT_FOUND)
        rest = unquote_to_bytes(rest)
    inner = b"/" + rest
    if b"/." in inner or b"//" in inner or b"\0" in inner:
        raise Refused(HTTPStatus.NOT_FOUND)
    return inner


def _answer_with(request: Any, descriptor: int, place: Place) -> None:
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        _answer_with_file(request, descriptor, status, place)
    elif not stat.S_ISDIR(status.st_mode):
        raise Refused(HTTPStatus.NOT_FOUND)
    elif not request.path.endswith(b"/"):
        raise Refused(HTTPStatus.MOVED_PERMANENTLY, fields=b"Location: %b/\r\n" % request.path)
    else:
        fields = b"Content-Type: text/html; charset=utf-8\r\n" + _ASK_AGAIN
        send(request, HTTPStatus.OK, fields, listing(descriptor, unquote_to_bytes(request.path)))


def _answer_with_file(request: Any, descriptor: int, status: os.stat_result, place: Place) -> None:
    header, size = request.getHeader, status.st_size
    known = Validators.of(status.st_ino, size, status.st_mtime_ns, time.time())
    fields = b"Last-Modified: %b\r\nETag: %b\r\n%b" % (
        known.modified,
        known.etag,
        _FOR_EVER if place.is_for_ever else _ASK_AGAIN,
    )
    if known.is_known(header(b"if-none-match"), header(b"if-modified-since")):
        send_not_modified(request, fields)
        return
    fields += _TEXT if place.path.endswith(_TEXTS) else _BYTES
    part = _wanted_part(request, known, size)
    if part is None:
        fields += b"Accept-Ranges: bytes\r\n"
        send_file(request, HTTPStatus.OK, fields, descriptor, (0, size))
    else:
        begin, end = part
        fields += b"Content-Range: bytes %d-%d/%d\r\n" % (begin, end - 1, size)
        send_file(request, HTTPStatus.PARTIAL_CONTENT, fields, descriptor, part)


def _wanted_part(request: Any, known: Validators, size: int) -> tuple[int, int] | None:
    wanted = request.getHeader(b"range")
    if wanted is None or request.method != b"GET":
        return None
    if not known.continues(request.getHeader(b"if-range")):
        return None
    try:
        return part_of(size, wanted)
    except Unsatisfiable:
        fields = b"Content-Range: bytes */%d\r\n" % size
        raise Refused(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, fields=fields) from None
