"""Answers to a request for a file, written in one piece.

Twisted's own way (a header object a line, several writes) costs as much again as all the rest.
"""

import os
import time
from http import HTTPStatus
from typing import Any

from mini_buildd.daemon.conditions import http_date
from mini_buildd.daemon.file_sending import FileSending

# Up to here reading and one write of head and body is the least work.
_SMALL_BYTES = 32 << 10

# Whatever it is: a browser runs and loads nothing of it, nor guesses what it might be.
SECURITY_FIELDS = (
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Content-Security-Policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"Referrer-Policy", b"same-origin"),
)
SECURITY = b"".join(b"%b: %b\r\n" % field for field in SECURITY_FIELDS)

_STATUS_LINES = {
    status: b"HTTP/1.1 %d %b\r\n" % (status.value, status.phrase.encode()) for status in HTTPStatus
}


class Refused(Exception):
    """The answer is not a file but *status*, with one line of text and the header *fields*."""

    def __init__(self, status: HTTPStatus, text: str = "", fields: bytes = b"") -> None:
        super().__init__(text or status.phrase)
        self.status = status
        self.fields = fields


def refuse(request: Any, refused: Refused) -> None:
    """Answer with one line of text, which nobody is to keep: the next publication may change it."""
    fields = b"Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-cache\r\n"
    fields += refused.fields
    send(request, refused.status, fields, f"{refused}\n".encode())


def send(request: Any, status: HTTPStatus, fields: bytes, body: bytes) -> None:
    """Answer with *body* and the header *fields* (lines with their ends); finishes *request*."""
    head = _head(request, status, fields, len(body))
    _finish(request, status, head if request.method == b"HEAD" else head + body)


def send_not_modified(request: Any, fields: bytes) -> None:
    """Answer that the client has it already (RFC 9110 §15.4.5)."""
    _finish(request, HTTPStatus.NOT_MODIFIED, _head(request, HTTPStatus.NOT_MODIFIED, fields, None))


def send_file(
    request: Any, status: HTTPStatus, fields: bytes, descriptor: int, part: tuple[int, int]
) -> None:
    """Answer with *part* (begin, end exclusive) of *descriptor*, which stays the caller's.

    A client that leaves what it has been sent already waiting gets no more into the memory of this
    process: the answer follows when there is room.
    """
    begin, end = part
    head = _head(request, status, fields, end - begin)
    if request.method == b"HEAD":
        _finish(request, status, head)
    elif end - begin > _SMALL_BYTES or request.channel.transport.producerPaused:
        request.code, request.startedWriting = status.value, 1
        FileSending(request, os.dup(descriptor), begin, end).start(head)
    else:
        body = os.pread(descriptor, end - begin, begin)
        if len(body) == end - begin:
            _finish(request, status, head + body)
        else:  # It has become shorter since it was asked for its size.
            request.channel.transport.abortConnection()


def _head(request: Any, status: HTTPStatus, fields: bytes, length: int | None) -> bytes:
    return b"%bDate: %b\r\n%b%b%b%b%b\r\n" % (
        _STATUS_LINES[status],
        http_date(int(time.time())),
        fields,
        b"" if length is None else b"Content-Length: %d\r\n" % length,
        b"" if request.channel.persistent else b"Connection: close\r\n",
        request.channel.always,
        SECURITY,
    )


def _finish(request: Any, status: HTTPStatus, data: bytes) -> None:
    request.code, request.startedWriting = status.value, 1
    request.channel.write(data)
    request.finish()
