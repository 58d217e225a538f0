"""A request that Django answers as a whole, to be sent by whoever asks for it.

Twisted's way to a WSGI application writes the answer to the request as it comes. Here it is given
back, so that somebody can look at it first, wait, and ask again. It is for what reads only: nothing
of a body is handed on.
"""

import io
import logging
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes

from mini_buildd.daemon.conditions import http_date
from mini_buildd.flow.follow import KEY, Follow

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    """What Django says; *follow* is what the view handed over, if it did."""

    status: HTTPStatus
    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes
    follow: Follow | None = None


BROKEN = Answered(HTTPStatus.INTERNAL_SERVER_ERROR, (), b"")


def environ_of(request: Any) -> dict[str, Any]:
    """*request* as WSGI has it (PEP 3333); in the reactor."""
    peer = request.getClientAddress()
    environ = {
        "REQUEST_METHOD": "GET",
        "REMOTE_ADDR": getattr(peer, "host", ""),
        "REMOTE_PORT": str(getattr(peer, "port", "")),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.uri.partition(b"?")[2].decode("latin-1"),
        "SERVER_NAME": request.getRequestHostname().decode("latin-1"),
        "SERVER_PORT": str(request.getHost().port),
        "SERVER_PROTOCOL": request.clientproto.decode("latin-1"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https" if request.isSecure() else "http",
        "wsgi.run_once": False,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
    }
    for name, values in request.requestHeaders.getAllRawHeaders():
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            environ[f"HTTP_{key}"] = b",".join(values).replace(b"\n", b" ").decode("latin-1")
    return environ


def thd_ask(application: Any, environ: dict[str, Any]) -> Answered:
    """What *application* answers; *environ* stays as it is, so it can be asked again."""
    handed: list[Follow] = []
    said: list[Any] = []
    asked = {
        **environ,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        KEY: handed.append,
    }
    try:
        parts = application(asked, lambda *given: said.append(given))
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
    except Exception:  # noqa: BLE001  # it is logged, and the client gets an answer
        _log.exception("cannot answer %s", environ["PATH_INFO"])
        return BROKEN
    status, headers = said[-1][:2]
    return Answered(
        HTTPStatus(int(status.split()[0])),
        tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers),
        body,
        handed[-1] if handed else None,
    )


def send(request: Any, answered: Answered) -> None:
    """Send all of it, and finish *request*; in the reactor."""
    send_head(request, answered)
    request.setHeader(b"content-length", b"%d" % len(answered.body))
    request.write(answered.body)
    request.finish()


def send_head(request: Any, answered: Answered) -> None:
    """Let what is written next begin with the head of the answer."""
    request.setResponseCode(answered.status.value, answered.status.phrase.encode())
    request.defaultContentType = None
    request.setHeader(b"date", http_date(int(time.time())))
    for name, value in answered.fields:
        if name.lower() == b"content-length":  # more may follow
            continue
        request.responseHeaders.addRawHeader(name, value)
