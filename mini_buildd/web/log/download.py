"""A log as a download: all of it, or the part that a broken download goes on with (RFC 9110 §14).

It comes piece by piece, whatever its form on disk; of a log that grows all that was there at the
beginning of the answer.
"""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import BinaryIO

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
_BLOCK_BYTES = 256 << 10
_TYPE = "text/plain; charset=utf-8"


def download(stream: BinaryIO, wanted: str) -> HttpResponseBase:
    """The answer with the bytes of *stream*; *wanted* is the Range field or empty.

    A Range of another form than "from here on" or "from here to there" is answered with the whole.
    """
    size = stream.seek(0, 2)
    begin, end, status = 0, size, HTTPStatus.OK
    headers = {"Accept-Ranges": "bytes"}
    match = _RANGE.fullmatch(wanted)
    if match and (not match[2] or int(match[1]) <= int(match[2])):
        begin, end = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
        if begin >= size:
            stream.close()
            headers["Content-Range"] = f"bytes */{size}"
            status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            return HttpResponse(b"", _TYPE, status=status, headers=headers)
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
        status = HTTPStatus.PARTIAL_CONTENT
    headers["Content-Length"] = str(end - begin)
    blocks = _Blocks(stream, begin, end)
    return StreamingHttpResponse(blocks, content_type=_TYPE, status=status, headers=headers)


class _Blocks:
    """The bytes in blocks; whoever sends the answer closes it, also when nobody read a thing."""

    def __init__(self, stream: BinaryIO, begin: int, end: int) -> None:
        self._stream = stream
        self._begin = begin
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        self._stream.seek(self._begin)
        left = self._end - self._begin
        while left > 0 and (block := self._stream.read(min(_BLOCK_BYTES, left))):
            left -= len(block)
            yield block

    def close(self) -> None:
        """Give back the file."""
        self._stream.close()
