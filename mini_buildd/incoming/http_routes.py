"""Which requests bring something, by method and path."""

from dataclasses import replace
from urllib.parse import unquote

from mini_buildd.domain import transfer
from mini_buildd.domain.problem import Problem
from mini_buildd.incoming import http_multipart, http_tus
from mini_buildd.incoming.dock import READ_BYTES
from mini_buildd.incoming.http_channel import Exchange, StreamingRequest
from mini_buildd.incoming.http_door import Body, HttpExchange, Works, file_name
from mini_buildd.incoming.http_multipart import MultipartBody
from mini_buildd.incoming.http_put import PutBody
from mini_buildd.incoming.http_tus import Transfers

UPLOAD = "/upload/"


class HttpDoor:
    """The door for the site (http_channel.Door)."""

    def __init__(self, works: Works, *, keep_seconds: int) -> None:
        self._works = works
        self._transfers = Transfers(works, keep_seconds)

    def begin(self, request: StreamingRequest, method: bytes, path: bytes) -> Exchange | None:
        """The exchange that *request* is, or None when it is an ordinary one."""
        exchange = self._exchange(request, method.decode("latin-1"), path.decode("latin-1"))
        if exchange is None:
            return None
        if request.channel.uploader or self._is_let_in(request):
            exchange.begin()
        else:
            exchange.refuse(_too_many(), Retry_After="10")
        return exchange

    def _is_let_in(self, request: StreamingRequest) -> bool:
        """Count the connection, if there may be one more."""
        sessions = self._works.dock.sessions
        if not sessions.may_begin(request.peer):
            return False
        request.channel.uploader = request.peer
        request.channel.read_more(READ_BYTES)
        sessions.begin(request.peer)
        return True

    def leave(self, peer: str) -> None:
        """A connection of *peer* on which there were exchanges is gone."""
        self._works.dock.sessions.end(peer)
        self._works.dock.changed()

    def _exchange(self, request: StreamingRequest, method: str, path: str) -> HttpExchange | None:
        if path.startswith(UPLOAD):
            return self._put(request, method, path[len(UPLOAD) :])
        if path.startswith(http_tus.PATH):
            return self._transfers.exchange(request, method, path[len(http_tus.PATH) :])
        if path == http_multipart.PATH and method == "POST":
            return HttpExchange(self._works, request, MultipartBody, as_json=True)
        return None

    def _put(self, request: StreamingRequest, method: str, rest: str) -> HttpExchange:
        def put(exchange: HttpExchange) -> Body:
            return PutBody(exchange, file_name(unquote(rest)))

        if method != "PUT":
            return HttpExchange(
                replace(self._works, policy="open"), request, _explain, as_json=False
            )
        return HttpExchange(self._works, request, put, as_json=False)


def _explain(exchange: HttpExchange) -> Body:
    """Somebody looks at the place with a browser, which is not asked who it is."""
    raise transfer.MethodRefused(
        expected="PUT /upload/<file name>",
        found=exchange.request.method.decode("latin-1")[:20],
        hint="Files of an upload are put here, by dput with method = http, or curl -T.",
    )


def _too_many() -> Problem:
    return transfer.TooManyConnections(
        expected="fewer connections that bring something at a time",
        found="as many as there may be, in all or from your address",
        hint="Try again in a moment.",
    )
