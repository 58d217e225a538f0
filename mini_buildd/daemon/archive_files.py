"""The archive as it is read by apt: plain files over HTTP, and the past by time.

Names are taken as they lie on disk. What begins with a dot is not published; links are followed
within the archive, never out of it.
"""

import errno
import logging
import os
import stat
import time
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from mini_buildd.daemon.answers import Refused, refuse, send, send_file, send_not_modified
from mini_buildd.daemon.conditions import Unsatisfiable, Validators, part_of
from mini_buildd.daemon.listing import listing
from mini_buildd.daemon.private_archives import Names, PrivateArchives
from mini_buildd.daemon.snapshots import Place, locate

_log = logging.getLogger(__name__)

# A named pipe would keep us waiting for somebody to write into it.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NOT_THERE = frozenset(
    (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO)
)

_FOR_EVER = b"Cache-Control: public, max-age=31536000, immutable\r\n"
_ASK_AGAIN = b"Cache-Control: no-cache\r\n"
_FOR_EVER_BUT_PRIVATE = (
    b"Cache-Control: private, max-age=31536000, immutable\r\nVary: Authorization\r\n"
)
_ASK_AGAIN_PRIVATE = b"Cache-Control: private, no-cache\r\nVary: Authorization\r\n"
_NONE: Names = frozenset()

# Uploaders choose the names in the pool; nothing there may become a page of this site.
_BYTES = b"Content-Type: application/octet-stream\r\n"
_TEXT = b"Content-Type: text/plain; charset=utf-8\r\n"
_TEXTS = (b".asc", b".buildinfo", b".changes", b".dsc", b".sources")


class ArchiveFiles(Resource):
    """Everything below the folder *root*."""

    isLeaf = True

    def __init__(self, root: Path, private: PrivateArchives | None = None) -> None:
        super().__init__()
        self._root = os.fsencode(root.resolve())
        self._private = private

    def render(self, request: Any) -> Any:
        """Answer (IResource)."""
        self.answer(request)
        return NOT_DONE_YET

    def answer(self, request: Any) -> None:
        """Answer *request*, the first segment of whose path is the archive's."""
        try:
            _check_method(request.method)
            path = _path_in_archive(request.path)
            private = self._private
            if private is not None and not private.is_free(path):
                _Asking(request, self, path).begin(private)
            else:
                self.answer_path(request, path)
        except Refused as refused:
            refuse(request, refused)

    def answer_path(self, request: Any, path: bytes, names: Names = frozenset()) -> None:
        """Answer with *path*; of the private archives, those of *names* may be read."""
        name = path[1:].partition(b"/")[0]
        place = replace(locate(self._root, path), is_private=name in names)
        descriptor = self._open(place.path, names)
        try:
            hidden = self._private.hidden if self._private is not None and not name else _NONE
            _answer_with(request, descriptor, place, hidden)
        finally:
            os.close(descriptor)

    def _open(self, path: bytes, names: Names) -> int:
        try:
            descriptor = os.open(self._root + path, _FLAGS)
        except OSError as error:
            raise _refusal(error) from None
        if not self._may_be_seen(descriptor, names):
            os.close(descriptor)
            raise Refused(HTTPStatus.NOT_FOUND)
        return descriptor

    def _may_be_seen(self, descriptor: int, names: Names) -> bool:
        """Whether no link has led outside the archive, nor to what is hidden in it.

        Nor to the archive of a private repository that is none of *names*.

        Asked of what is open already, so that nobody can swap a link meanwhile.
        """
        try:
            path = os.readlink(b"/proc/self/fd/%d" % descriptor) + b"/"  # noqa: PTH115  # bytes
        except OSError as error:
            _log.error("cannot tell where a file of the archive lies: %s", error)
            return False
        if not path.startswith(self._root + b"/") or b"/." in path[len(self._root) :]:
            return False
        hidden = self._private.hidden if self._private is not None else _NONE
        return not hidden or path[len(self._root) + 1 :].partition(b"/")[0] not in hidden - names


class _Asking:
    """A request that waits until it is known who asks."""

    def __init__(self, request: Any, files: ArchiveFiles, path: bytes) -> None:
        self._request = request
        self._files = files
        self._path = path
        self._is_gone = False

    def begin(self, private: PrivateArchives) -> None:
        """Answer once that is known; nobody, when the client does not wait."""
        self._request.notifyFinish().addErrback(self._gone)
        private.readable(self._request).addCallback(self._known).addErrback(self._refused)

    def _gone(self, failure: Failure) -> None:
        del failure
        self._is_gone = True

    def _known(self, names: Names) -> None:
        if self._is_gone:
            return
        if self._path[1:].partition(b"/")[0] not in names:
            raise Refused(HTTPStatus.NOT_FOUND)
        self._files.answer_path(self._request, self._path, names)

    def _refused(self, failure: Failure) -> None:
        if self._is_gone:
            return
        if isinstance(failure.value, Refused):
            refuse(self._request, failure.value)
        else:
            self._request.processingFailed(failure)


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


def _answer_with(request: Any, descriptor: int, place: Place, hidden: Names) -> None:
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        _answer_with_file(request, descriptor, status, place)
    elif not stat.S_ISDIR(status.st_mode):
        raise Refused(HTTPStatus.NOT_FOUND)
    elif not request.path.endswith(b"/"):
        raise Refused(HTTPStatus.MOVED_PERMANENTLY, fields=b"Location: %b/\r\n" % request.path)
    else:
        fields = b"Content-Type: text/html; charset=utf-8\r\n" + _ASK_AGAIN
        send(
            request,
            HTTPStatus.OK,
            fields,
            listing(descriptor, unquote_to_bytes(request.path), hidden),
        )


def _answer_with_file(request: Any, descriptor: int, status: os.stat_result, place: Place) -> None:
    header, size = request.getHeader, status.st_size
    known = Validators.of(status.st_ino, size, status.st_mtime_ns, time.time())
    fields = b"Last-Modified: %b\r\nETag: %b\r\n%b" % (
        known.modified,
        known.etag,
        _caching(place),
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


def _caching(place: Place) -> bytes:
    if place.is_private:
        return _FOR_EVER_BUT_PRIVATE if place.is_for_ever else _ASK_AGAIN_PRIVATE
    return _FOR_EVER if place.is_for_ever else _ASK_AGAIN


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
