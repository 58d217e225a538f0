"""All files of an upload in one request: multipart/form-data, as browsers and curl -F send it.

Every part that has a file name is a file; all of them arrive, or none.
"""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from mini_buildd.deb.names import PlainFilename
from mini_buildd.domain import transfer
from mini_buildd.domain.problem import Problem
from mini_buildd.incoming.http_answer import Answer, in_json
from mini_buildd.incoming.http_door import HttpExchange, file_name
from mini_buildd.incoming.spool import Arrival, Part
from mini_buildd.incoming.writing import Writing

# It warns of every body that is not well-formed: strangers would fill our log.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)

PATH = "/api/v1/uploads/files"
# Where the upload that a .changes begins can be asked for.
_WATCH = "/api/v1/uploads/?changes_sha256={}"
_MAX_FILES = 500
_MAX_HEADER_BYTES = 8 << 10
_MAX_FIELD_BYTES = 64 << 10


@dataclass(slots=True)
class _File:
    name: PlainFilename
    part: Part
    writing: Writing
    synced: "Deferred[None] | None" = None


@dataclass(frozen=True, slots=True)
class _Stored:
    arrivals: list[Arrival]
    changes: dict[PlainFilename, str]  # name to SHA-256


class MultipartBody:
    """The files of one request."""

    def __init__(self, exchange: HttpExchange) -> None:
        self._exchange = exchange
        self._parser = MultipartParser(_boundary(exchange), _callbacks(self))
        self._files: list[_File] = []
        self._file: _File | None = None
        self._header: dict[str, bytes] = {}
        self._field_name = self._field_value = b""
        self._small_bytes = 0  # of headers and plain fields
        self._is_complete = False
        self._is_over = False
        self._unsynced = 0

    # --- Body ----------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """The next bytes (Body)."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _malformed(f"something else: {error}") from None

    def end(self) -> None:
        """Let all arrive, once the disk has them (Body)."""
        if not self._is_complete:
            raise _malformed("a body that ends before its last boundary")
        if not self._files:
            raise _malformed("no part with a file name")
        self._is_over = True
        self._finish_when_synced()

    def drop(self) -> None:
        """Forget all of it (Body)."""
        if self._is_over:
            return
        self._is_over = True
        for file in self._files:
            file.writing.drop(file.part.abort)

    # --- what the parser calls --------------------------------------------------------

    def part_begin(self) -> None:
        """Another part."""
        self._header, self._small_bytes = {}, 0

    def header_name(self, data: bytes, start: int, end: int) -> None:
        """More of the name of a header field."""
        self._count(end - start, _MAX_HEADER_BYTES)
        self._field_name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        """More of its value."""
        self._count(end - start, _MAX_HEADER_BYTES)
        self._field_value += data[start:end]

    def header_end(self) -> None:
        """That was the field."""
        self._header[self._field_name.decode("latin-1").lower()] = self._field_value
        self._field_name = self._field_value = b""

    def headers_finished(self) -> None:
        """The part's bytes follow."""
        _, options = parse_options_header(self._header.get("content-disposition", b""))
        if (found := options.get(b"filename")) is None:
            return
        name = file_name(found.decode("utf-8", "replace"))
        if len(self._files) >= _MAX_FILES or any(each.name == name for each in self._files):
            raise _malformed(f"more than {_MAX_FILES} files, or {name} twice")
        part = self._exchange.works.spool.open_part()
        self._file = _File(name, part, self._exchange.writing(part))
        self._files.append(self._file)

    def part_data(self, data: bytes, start: int, end: int) -> None:
        """More of the part's bytes."""
        if self._file is not None:
            self._file.writing.write(data[start:end])
        else:
            self._count(end - start, _MAX_FIELD_BYTES)

    def part_end(self) -> None:
        """That was the part."""
        file, self._file = self._file, None
        if file is not None:
            self._unsynced += 1
            file.writing.then(file.part.sync).addCallbacks(self._synced, self._not_stored)

    def all_end(self) -> None:
        """That was the last part."""
        self._is_complete = True

    def _count(self, more_bytes: int, most_bytes: int) -> None:
        self._small_bytes += more_bytes
        if self._small_bytes > most_bytes:
            raise _malformed("a header or a field that is longer than any need be")

    # --- the end ------------------------------------------------------------------------

    def _synced(self, _: object) -> None:
        self._unsynced -= 1
        if self._is_over:
            self._finish_when_synced()

    def _finish_when_synced(self) -> None:
        if self._unsynced or not self._is_complete:
            return
        if not self._exchange.is_open:  # the client has gone meanwhile; it sends all of it again
            self._is_over = False
            self.drop()
            return
        for file in self._files:
            self._exchange.brings(file.part.token)
        done = self._exchange.works.in_pool(self._thd_store)
        done.addCallbacks(self._stored, self._not_stored)

    def _thd_store(self) -> _Stored:
        """Let them arrive, what names the others last."""
        spool = self._exchange.works.spool
        ordered = sorted(self._files, key=lambda file: file.name.endswith(".changes"))
        arrivals: list[Arrival] = []
        changes = {}
        try:
            for file in ordered:
                if file.name.endswith(".changes"):
                    changes[file.name] = file.part.sha256()
                arrivals.append(file.part.commit(file.name))
        except OSError:
            spool.drop(arrivals)
            raise
        return _Stored(arrivals, changes)

    def _stored(self, stored: _Stored) -> None:
        self._exchange.works.dock.changed()
        self._exchange.answer(_accepted(stored))

    def _not_stored(self, failure: Failure) -> None:
        self._is_over = False
        self.drop()
        self._exchange.broken(failure)


def _accepted(stored: _Stored) -> Answer:
    changes = [
        {"name": name, "sha256": digest, "watch": _WATCH.format(digest)}
        for name, digest in stored.changes.items()
    ]
    content = {"files": [each.name for each in stored.arrivals], "changes": changes}
    fields = {"Location": changes[0]["watch"]} if len(changes) == 1 else {}
    return in_json(HTTPStatus.ACCEPTED, content, fields)


def _callbacks(body: MultipartBody) -> Any:  # a typed dictionary that has no public name
    return {
        "on_part_begin": body.part_begin,
        "on_header_field": body.header_name,
        "on_header_value": body.header_value,
        "on_header_end": body.header_end,
        "on_headers_finished": body.headers_finished,
        "on_part_data": body.part_data,
        "on_part_end": body.part_end,
        "on_end": body.all_end,
    }


def _boundary(exchange: HttpExchange) -> bytes:
    found = exchange.request.field("content-type")
    kind, options = parse_options_header(found)
    if kind != b"multipart/form-data":
        raise transfer.ContentTypeRefused(
            expected="multipart/form-data",
            found=repr(found[:80]),
            hint="For example: curl -F file=@a.dsc -F file=@a.changes.",
        )
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 70:  # noqa: PLR2004  # RFC 2046, 5.1.1
        raise _malformed("no boundary, or one of more than 70 characters")
    return boundary


def _malformed(found: str) -> Problem:
    return transfer.RequestMalformed(
        expected="a body of multipart/form-data with a file in each part",
        found=found,
        hint="For example: curl -F file=@a.dsc -F file=@a.changes.",
    )
