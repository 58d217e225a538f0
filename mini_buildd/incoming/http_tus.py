"""Resumable transfers: tus 1.0.0 (https://tus.io/protocols/resumable-upload).

With its extensions creation, creation-with-upload, termination, expiration and checksum. A client
that was cut asks how far it came (HEAD) and goes on from there (PATCH), also after a restart.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from mini_buildd.deb.names import PlainFilename
from mini_buildd.domain import transfer
from mini_buildd.domain.problem import Problem
from mini_buildd.incoming.http_answer import plain
from mini_buildd.incoming.http_channel import StreamingRequest
from mini_buildd.incoming.http_door import Body, HttpExchange, Works, file_name
from mini_buildd.incoming.http_put import check_length
from mini_buildd.incoming.resumable import Resumable, ResumablePart
from mini_buildd.incoming.spool import Arrival

PATH = "/api/v1/incoming/"
_VERSION = "1.0.0"
_STREAM = "application/offset+octet-stream"
_NUMBER = re.compile(r"[0-9]{1,18}")
_CHECKSUMS: dict[str, Callable[[], Any]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
}


class Transfers:
    """The requests below PATH; knows which transfer is being written to at present."""

    def __init__(self, works: Works, keep_seconds: int) -> None:
        self.works = works
        self.busy: dict[str, Patch] = {}
        self._keep_seconds = keep_seconds

    def exchange(self, request: StreamingRequest, method: str, token: str) -> HttpExchange:
        """The exchange for *method* on the transfer *token*, or on all of them when it is empty."""
        works = {
            ("OPTIONS", False): self._options,
            ("POST", False): self._create,
            ("OPTIONS", True): self._options,
            ("HEAD", True): lambda exchange: self._tell(exchange, token),
            ("PATCH", True): lambda exchange: Patch(exchange, self, self._of(exchange, token)),
            ("DELETE", True): lambda exchange: self._delete(exchange, token),
        }
        open_body = works.get((method, bool(token)))

        def checked(exchange: HttpExchange) -> Body:
            if open_body is None:
                raise _method_refused(method)
            return open_body(exchange)

        return HttpExchange(
            self.works,
            request,
            checked,
            wait=lambda: self._turn(token),
            as_json=True,
            fields={"Tus-Resumable": _VERSION, "Tus-Version": _VERSION},
        )

    # --- the requests ------------------------------------------------------------

    def _options(self, exchange: HttpExchange) -> Body:
        def answer() -> None:
            fields = {
                "Tus-Version": _VERSION,
                "Tus-Extension": "creation,creation-with-upload,termination,expiration,checksum",
                "Tus-Checksum-Algorithm": ",".join(_CHECKSUMS),
                "Tus-Max-Size": str(self.works.spool.max_file_bytes),
            }
            self.reply(exchange, HTTPStatus.NO_CONTENT, **fields)

        return _Simple(answer)

    def _create(self, exchange: HttpExchange) -> Body:
        _check_version(exchange)
        length, name = _length(exchange), _name(exchange)
        has_body = exchange.request.field("content-type") == _STREAM
        check_length(exchange)
        resumable = self.works.resumables.begin(name, length)
        where = f"{PATH}{resumable.token}"
        if has_body or not length:
            return Patch(exchange, self, resumable, HTTPStatus.CREATED, Location=where)

        def answer() -> None:
            self.reply(exchange, HTTPStatus.CREATED, Location=where, Upload_Expires=self.expires())

        return _Simple(answer)

    def _tell(self, exchange: HttpExchange, token: str) -> Body:
        resumable = self._of(exchange, token)

        def answer() -> None:
            fields = {
                "Upload-Offset": str(resumable.offset_bytes()),
                "Upload-Length": str(resumable.length_bytes),
                "Upload-Metadata": f"filename {base64.b64encode(resumable.name.encode()).decode()}",
            }
            self.reply(exchange, HTTPStatus.OK, **fields)

        return _Simple(answer)

    def _delete(self, exchange: HttpExchange, token: str) -> Body:
        resumable = self._of(exchange, token)

        def answer() -> None:
            self.works.resumables.remove(resumable)
            self.reply(exchange, HTTPStatus.NO_CONTENT)

        return _Simple(answer)

    # --- what they share -----------------------------------------------------------

    def _of(self, exchange: HttpExchange, token: str) -> Resumable:
        _check_version(exchange)
        return self.works.resumables.find(token)

    def _turn(self, token: str) -> "Deferred[None] | None":
        """What to wait for before the transfer is looked at: the end of whoever is at it.

        That is often the same client, whose former connection was cut without our noticing.
        """
        other = self.busy.get(token)
        return other.make_way() if other is not None else None

    def reply(self, exchange: HttpExchange, status: HTTPStatus, **fields: str) -> None:
        """Answer without a body."""
        exchange.answer(plain(status, Tus_Resumable=_VERSION, **fields))

    def expires(self) -> str:
        """Until when a transfer that something came for just now can be gone on with."""
        end = datetime.now(UTC) + timedelta(seconds=self._keep_seconds)
        return format_datetime(end, usegmt=True)


class _Simple:
    """A request whose body, if any, does not matter."""

    def __init__(self, answer: Callable[[], None]) -> None:
        self._answer = answer

    def write(self, data: bytes) -> None:
        """Nobody reads it (Body)."""

    def end(self) -> None:
        """Do it (Body)."""
        self._answer()

    def drop(self) -> None:
        """Nothing was begun (Body)."""


class Patch:
    """A go at a transfer: what comes is appended, and kept also when it is cut."""

    def __init__(
        self,
        exchange: HttpExchange,
        transfers: Transfers,
        resumable: Resumable,
        status: HTTPStatus = HTTPStatus.NO_CONTENT,
        **fields: str,
    ) -> None:
        self._exchange, self._transfers, self._resumable = exchange, transfers, resumable
        self._status, self._fields = status, fields
        if status == HTTPStatus.NO_CONTENT:
            _check_patch(exchange, resumable)
        self._checksum = _Checksum.of(exchange)
        self._is_over = False
        self._part: ResumablePart = transfers.works.resumables.open(resumable)
        self._writing = exchange.writing(self._part)
        self._waiting: list[Deferred[None]] = []
        transfers.busy[resumable.token] = self

    def write(self, data: bytes) -> None:
        """The next bytes (Body)."""
        self._writing.write(data)
        if self._checksum is not None:
            self._checksum.update(data)

    def end(self) -> None:
        """Make durable what came, and let the file arrive with its last byte (Body)."""
        if self._checksum is not None and not self._checksum.holds():
            raise transfer.ChecksumDiffers(
                expected="bytes with the checksum that the request names",
                found="others",
                hint="Send them again.",
            )
        self._is_over = True
        self._exchange.brings(self._resumable.token)
        self._writing.then(self._thd_end).addCallbacks(self._kept, self._not_kept)

    def drop(self) -> None:
        """The request has an early end; what came is kept unless it was to be checked (Body)."""
        if self._is_over:
            return
        self._is_over = True
        if self._checksum is None:
            done: Any = self._writing.then(self._part.close)
        else:
            done = self._writing.drop(self._part.close_undone)
        done.addErrback(lambda failure: failure.trap(OSError))
        done.addBoth(self._free)

    def make_way(self) -> "Deferred[None]":
        """Come to an end: at once, unless the last byte is there already."""
        freed: Deferred[None] = Deferred()
        self._waiting.append(freed)
        if not self._is_over:
            self._exchange.request.abort()
        return freed

    def _thd_end(self) -> tuple[int, Arrival | None]:
        offset = self._part.close()
        if offset < self._resumable.length_bytes:
            return offset, None
        return offset, self._transfers.works.resumables.finish(self._resumable)

    def _free(self, _: object) -> None:
        """Others may go on."""
        self._transfers.busy.pop(self._resumable.token, None)
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)

    def _not_kept(self, failure: Failure) -> None:
        self._is_over = False
        self.drop()
        self._exchange.broken(failure)

    def _kept(self, result: tuple[int, Arrival | None]) -> None:
        self._free(None)
        offset, arrival = result
        if arrival is not None:
            self._transfers.works.dock.changed()
        fields = {"Upload-Offset": str(offset), **self._fields}
        if arrival is None:
            fields["Upload-Expires"] = self._transfers.expires()
        self._transfers.reply(self._exchange, self._status, **fields)


class _Checksum:
    """The checksum that a request names, and what it is of the bytes so far."""

    def __init__(self, algorithm: str, wanted: bytes) -> None:
        self._wanted = wanted
        self._digest = _CHECKSUMS[algorithm]()
        self.update = self._digest.update

    @classmethod
    def of(cls, exchange: HttpExchange) -> "_Checksum | None":
        """What the request says; raises RequestMalformed."""
        text = exchange.request.field("upload-checksum")
        if not text:
            return None
        algorithm, _, encoded = text.partition(" ")
        wanted = _decoded(encoded)
        if algorithm not in _CHECKSUMS or wanted is None:
            raise _malformed("Upload-Checksum", f"one of {', '.join(_CHECKSUMS)} and Base64", text)
        return cls(algorithm, wanted)

    def holds(self) -> bool:
        """Whether the bytes are those."""
        return bool(self._digest.digest() == self._wanted)


def _check_version(exchange: HttpExchange) -> None:
    found = exchange.request.field("tus-resumable")
    if found != _VERSION:
        raise transfer.ProtocolUnknown(
            expected=f"Tus-Resumable: {_VERSION}",
            found=repr(found[:40]),
            hint="Use a client for tus 1.0.",
        )


def _check_patch(exchange: HttpExchange, resumable: Resumable) -> None:
    kind = exchange.request.field("content-type")
    if kind != _STREAM:
        raise transfer.ContentTypeRefused(
            expected=_STREAM, found=repr(kind[:80]), hint="Say so in Content-Type."
        )
    text = exchange.request.field("upload-offset")
    if not _NUMBER.fullmatch(text):
        raise _malformed("Upload-Offset", "a number", text)
    there = resumable.offset_bytes()
    if int(text) != there:
        raise transfer.OffsetDiffers(
            expected=f"Upload-Offset: {there}", found=text, hint="Ask with HEAD how much is there."
        )
    if not resumable.path.exists():
        raise transfer.OffsetDiffers(
            expected="nothing more", found="a further request", hint="The file has arrived already."
        )


def _length(exchange: HttpExchange) -> int:
    text = exchange.request.field("upload-length")
    if not _NUMBER.fullmatch(text):
        raise _malformed("Upload-Length", "the length of the file in bytes", text)
    return int(text)


def _name(exchange: HttpExchange) -> PlainFilename:
    """The file's name from Upload-Metadata: pairs of a key and a value in Base64."""
    text = exchange.request.field("upload-metadata")
    pairs = dict(pair.strip().partition(" ")[::2] for pair in text.split(","))
    name = _decoded(pairs.get("filename", ""))
    if not name:
        raise _malformed("Upload-Metadata", "filename and the file's name in Base64", text)
    return file_name(name.decode("utf-8", "replace"))


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None


def _malformed(field: str, expected: str, found: str) -> Problem:
    return transfer.RequestMalformed(
        expected=f"{field}: {expected}",
        found=repr(found[:80]) if found else "nothing",
        hint="See the tus protocol, 1.0.",
    )


def _method_refused(method: str) -> Problem:
    return transfer.MethodRefused(
        expected="POST here, or HEAD, PATCH and DELETE of a transfer",
        found=method,
        hint="See the tus protocol, 1.0.",
    )
