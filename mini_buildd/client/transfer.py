"""Sending the files of an upload by resumable transfers (tus 1.0.0, https://tus.io).

A small file is one request. A large one that is cut goes on where it was cut, also when the command
is given once more: where each transfer is, is noted in the cache folder until its end.
"""

import base64
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from mini_buildd.client.connection import Connection, Refused
from mini_buildd.client.tls import Unreachable
from mini_buildd.kit.atomic import write_file

_PLACE = "/api/v1/incoming/"
_AT_ONCE_BYTES = 1 << 20
_BLOCK_BYTES = 256 << 10
_PAUSES_SECONDS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
_VERSION = {"Tus-Resumable": "1.0.0"}
_STREAM = {**_VERSION, "Content-Type": "application/offset+octet-stream"}

# Told how many bytes of the file have gone so far.
Progress = Callable[[int], None]


class Transfers:
    """Sends files to the instance of *connection*; *notes* is a file in the cache folder."""

    def __init__(
        self,
        connection: Connection,
        notes: Path,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection = connection
        self._notes = notes
        self._pause = pause

    def send(self, path: Path, progress: Progress) -> None:
        """Send the file at *path*. Raises Unreachable, Refused, OSError."""
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size <= _AT_ONCE_BYTES:
                self._create(path.name, size, stream.read())
                progress(size)
            else:
                self._send_large(path, stream, size, progress)

    def _send_large(self, path: Path, stream: BinaryIO, size: int, progress: Progress) -> None:
        key = self._key(path, size)
        place = self._noted().get(key, "")
        offset = self._offset(place) if place else None
        if offset is None:
            place, offset = self._create(path.name, size), 0
            self._note(key, place)
        for pause in (*_PAUSES_SECONDS, None):
            try:
                self._append(place, stream, offset, size, progress)
            except Unreachable:
                if pause is None:
                    raise
                self._pause(pause)
            except Refused as refused:
                # The instance still reads what a connection has sent that is gone, or has more.
                if pause is None or refused.details.status not in _PASSING:
                    raise
                self._pause(pause)
            else:
                self._note(key, "")
                return
            offset = self._offset_later(place, offset)
        raise AssertionError("the last pause is None")

    def _offset_later(self, place: str, before: int) -> int:
        """How far it has come; what was known when the instance cannot be asked now."""
        try:
            found = self._offset(place)
        except Unreachable:
            return before
        return before if found is None else found

    def _create(self, name: str, size: int, data: bytes = b"") -> str:
        """Begin a transfer, with all of it in *data* if it is small; gives its place."""
        headers = {
            **(_STREAM if data else _VERSION),
            "Upload-Length": str(size),
            "Upload-Metadata": f"filename {base64.b64encode(name.encode()).decode()}",
        }
        answer = self._connection.call("POST", _PLACE, data, headers)
        location = urlsplit(answer.headers.get("location", ""))
        if answer.status != HTTPStatus.CREATED or not location.path.startswith(_PLACE):
            raise Unreachable(f"{self._connection.server.url} takes no resumable transfers")
        return location.path

    def _offset(self, place: str) -> int | None:
        """How many bytes the instance has; None when it knows nothing of the transfer any more."""
        for pause in (*_PAUSES_SECONDS, None):
            try:
                answer = self._connection.call("HEAD", place, None, _VERSION)
            except Refused as refused:
                status = refused.details.status
                if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                    return None
                if status not in _PASSING or pause is None:
                    raise
                self._pause(pause)  # it has not noticed yet that the former connection is gone
            else:
                return int(answer.headers.get("upload-offset", "0"))
        raise AssertionError("the last pause is None")

    def _append(
        self, place: str, stream: BinaryIO, offset: int, size: int, progress: Progress
    ) -> None:
        headers = {**_STREAM, "Upload-Offset": str(offset)}
        blocks = _blocks(stream, offset, progress)
        answer = self._connection.send("PATCH", place, blocks, size - offset, headers)
        if int(answer.headers.get("upload-offset", "0")) != size:
            raise Unreachable(f"{self._connection.server.url} has not all of the file")

    # --- the notes -------------------------------------------------------------------

    def _key(self, path: Path, size: int) -> str:
        stat = path.stat()
        told = f"{self._connection.server.url} {path.resolve()} {size} {stat.st_mtime_ns}"
        return hashlib.sha256(told.encode()).hexdigest()

    def _noted(self) -> dict[str, str]:
        try:
            found = json.loads(self._notes.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _note(self, key: str, place: str) -> None:
        known: Mapping[str, str] = {**self._noted(), key: place}
        kept = {name: value for name, value in known.items() if value}
        self._notes.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_file(self._notes, json.dumps(kept).encode(), mode=0o600)


_PASSING = frozenset({HTTPStatus.LOCKED, HTTPStatus.CONFLICT})


def notes_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where transfers are noted (XDG Base Directory Specification)."""
    home = environment.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "mini-buildd" / "transfers.json"


def _blocks(stream: BinaryIO, offset: int, progress: Progress) -> Iterator[bytes]:
    stream.seek(offset)
    progress(offset)
    while block := stream.read(_BLOCK_BYTES):
        yield block
        offset += len(block)
        progress(offset)
