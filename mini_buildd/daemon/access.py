"""What each request over HTTP was, for the log and for /metrics; and the number it is known by."""

import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import Any

from mini_buildd.domain.proxies import real_peer
from mini_buildd.incoming.peers import peer_of

_log = logging.getLogger("mini_buildd.access")

# What another server before us has given a request: it must be fit for a log.
_GIVEN = re.compile(r"[A-Za-z0-9._:/+=-]{1,64}")

# By this the pages tell us who asked; no client sees it.
ACCOUNT_FIELD = b"x-mini-buildd-account"

Watcher = Callable[[str, int, float], None]


class Access:
    """Notes requests as their answers end; *wanted* says which stand in the log."""

    def __init__(self, wanted: str, count: Watcher = lambda _door, _status, _seconds: None) -> None:
        self._wanted = wanted
        self._count = count

    def begin(self, request: Any) -> None:
        """Give *request* its number, which its answer and all lines of the log about it have."""
        request.began = time.monotonic()
        fields = request.requestHeaders
        given: list[bytes] = fields.getRawHeaders(b"x-request-id", [])
        number = request_id(given[0] if len(given) == 1 else b"")
        fields.setRawHeaders(b"x-request-id", [number])
        request.setHeader(b"x-request-id", number)
        request.own_fields = b"X-Request-ID: %b\r\n" % number

    def end(self, request: Any) -> None:
        """*request* has been answered."""
        # What brings a file has no path, only what came as its address.
        path = request.uri.partition(b"?")[0]
        door = door_of(path)
        seconds = time.monotonic() - request.began if request.began else 0.0
        self._count(door, request.code, seconds)
        if self._wanted == "all" or (self._wanted == "pages" and door in _TOLD):
            self._tell(request, door, path, seconds)

    def _tell(self, request: Any, door: str, path: bytes, seconds: float) -> None:
        fields = request.requestHeaders
        ids: list[bytes] = fields.getRawHeaders(b"x-request-id", [])
        forwarded = b",".join(fields.getRawHeaders(b"x-forwarded-for", [])).decode("latin-1")
        told = {
            "door": door,
            "method": request.method.decode("latin-1"),
            "path": path.decode("latin-1"),  # the query may have what is nobody's business
            "status": request.code,
            "milliseconds": round(seconds * 1000),
            "peer": real_peer(peer_of(request.client), forwarded, request.channel.site.proxies),
            "account": request.account,
            "request": ids[0].decode("latin-1") if ids else "",
        }
        found = {name: value for name, value in told.items() if value != ""}
        _log.info("%s %s %s", told["method"], told["path"], request.code, extra={"fields": found})


# The rest is files: many, and the same again and again.
_TOLD = frozenset({"api", "pages", "upload"})
_DOORS = {
    b"archive": "archive",
    b"static": "static",
    b"api": "api",
    b"upload": "upload",
    b"healthz": "watch",
    b"metrics": "watch",
}


def door_of(path: bytes) -> str:
    """What a request is for, in one of a few words."""
    return _DOORS.get(path[1:].partition(b"/")[0], "pages")


def request_id(given: bytes) -> bytes:
    """The number that a request came with if that will do, or a new one."""
    text = given.decode("latin-1")
    return given if _GIVEN.fullmatch(text) else secrets.token_hex(8).encode()
