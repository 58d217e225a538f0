"""HTTP connections whose requests may hand on their bodies as they come.

Twisted keeps a whole body before it looks at the request. Here a request is looked at as soon as
its header is there; one that brings a file is an exchange of its own from then on.
"""

import re
from enum import Enum, auto
from typing import Any, Protocol

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.server import Request

from mini_buildd.domain.proxies import Network, real_peer
from mini_buildd.incoming.http_answer import Answer
from mini_buildd.incoming.peers import peer_of

_MAX_FIELDS = 100
_UNPRINTABLE = re.compile(rb"[^ -~]")


class Pause(Enum):
    """Why nothing is read from a connection."""

    SIGN_IN = auto()
    TURN = auto()
    DISK = auto()
    RATE = auto()


class Exchange(Protocol):
    """One request that brings something, from its header to its answer."""

    @property
    def wants_body(self) -> bool:
        """Whether the body, if the client waits for leave to send it, is to be sent."""

    def write(self, data: bytes) -> None:
        """The next bytes of the body."""

    def end(self) -> None:
        """The body is there to its last byte."""

    def cut(self) -> None:
        """The connection is gone."""


class Door(Protocol):
    """What decides which requests are exchanges."""

    def begin(self, request: "StreamingRequest", method: bytes, path: bytes) -> Exchange | None:
        """The exchange that *request* is, or None when it is an ordinary one."""

    def leave(self, peer: str) -> None:
        """A connection of *peer* on which there were exchanges is gone."""


class StreamingChannel(HTTPChannel):
    """A connection; the time for a header is bounded, however slowly it comes."""

    maxHeaders = _MAX_FIELDS
    site: Any
    transport: Any
    requests: list[Any]
    uploader = ""  # the peer, once it has begun an exchange
    always = b""  # header fields of every answer on this connection

    def connectionMade(self) -> None:
        """Begin; over TLS, browsers may be told to stay with it (RFC 6797)."""
        super().connectionMade()
        if self.site.hsts_seconds and self.isSecure():
            self.always = b"Strict-Transport-Security: max-age=%d\r\n" % self.site.hsts_seconds

    def read_more(self, size_bytes: int) -> None:
        """Read up to that much at a time from now on."""
        # Over TLS the socket is behind another transport.
        getattr(self.transport, "transport", self.transport).bufferSize = size_bytes

    def writeHeaders(self, version: bytes, code: bytes, reason: bytes, headers: Any) -> None:
        """The head of an answer that Twisted makes."""
        if self.always:
            name, _, value = self.always.strip().partition(b": ")
            headers.setRawHeaders(name, [value])
        super().writeHeaders(version, code, reason, headers)

    def resetTimeout(self) -> None:
        """Count anew with each part of a body; a header gets one time for all of it."""
        if not self.line_mode:
            super().resetTimeout()

    def _send100Continue(self) -> None:
        """Ask for the body of an exchange only when somebody wants it."""
        request = self.requests[-1]
        exchange = getattr(request, "exchange", None)
        if exchange is None or exchange.wants_body:
            super()._send100Continue()
        else:
            request.owes_continue = True

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Nothing more comes over this connection."""
        super().connectionLost(reason)
        if self.uploader:
            self.site.door.leave(self.uploader)


class StreamingRequest(Request):
    """A request that may be an exchange, which is given the body as it comes."""

    channel: Any = None
    exchange: Exchange | None = None
    owes_continue = False
    is_whole = False
    is_answered = False
    own_fields = b""  # header fields of the answer to this one
    account = ""  # who asks, or says so; for the log

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.pauses: set[Pause] = set()

    # --- what the channel calls ----------------------------------------------

    def gotLength(self, length: int | None) -> None:
        """The header is there."""
        door: Door | None = self.channel.site.door
        if door is not None:
            # Twisted tells a request its method and path only when all of it is there.
            method, uri = self.channel._command, self.channel._path  # noqa: SLF001
            self.method, self.uri, self.clientproto = method, uri, self.channel._version  # noqa: SLF001
            self.exchange = door.begin(self, method, uri.partition(b"?")[0])
        if self.exchange is None:
            super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        """The next bytes of the body."""
        if self.exchange is None:
            super().handleContentChunk(data)
        else:
            self.exchange.write(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """The body is there to its last byte."""
        if self.exchange is None:
            self._mend_content_type()
            super().requestReceived(command, path, version)
            return
        self.is_whole = True
        if self.is_answered:
            self.finish()
        else:
            self.exchange.end()

    def _mend_content_type(self) -> None:
        """Put question marks for what cannot stand there: Twisted's parser of forms would raise."""
        given = self.requestHeaders.getRawHeaders(b"content-type", [])
        if any(_UNPRINTABLE.search(each) for each in given):
            mended = [_UNPRINTABLE.sub(b"?", each) for each in given]
            self.requestHeaders.setRawHeaders(b"content-type", mended)

    def connectionLost(self, reason: Failure) -> None:
        """Whatever was not there yet will not come."""
        super().connectionLost(reason)
        if self.exchange is not None:
            self.exchange.cut()

    # --- what an exchange calls ------------------------------------------------

    @property
    def peer(self) -> str:
        """Who sends."""
        return peer_of(self.client)

    @property
    def asker(self) -> str:
        """Who asks, also when a trusted proxy of ours stands between: whose guesses are counted."""
        proxies: tuple[Network, ...] = getattr(self.channel.site, "proxies", ())
        return real_peer(self.peer, self.field("x-forwarded-for"), proxies)

    def field(self, name: str) -> str:
        """The header field *name*; empty when there is none."""
        found: bytes = self.getHeader(name.encode("ascii")) or b""
        return found.decode("latin-1")  # any bytes may come (RFC 9110 §5.5)

    def ask_for_body(self) -> None:
        """Let a client that waits for leave to send the body send it."""
        if self.owes_continue and self.channel is not None:
            self.owes_continue = False
            self.channel.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def pause(self, why: Pause = Pause.DISK) -> None:
        """Read nothing until resume() was called with the same reason, and all others."""
        self.pauses.add(why)
        if self.channel is not None:
            self.channel.setTimeout(None)  # it is we who make it stand still
            self.channel.transport.pauseProducing()

    def resume(self, why: Pause = Pause.DISK) -> None:
        """Read on, if there is no other reason not to."""
        if why not in self.pauses:
            return
        self.pauses.remove(why)
        if self.pauses or self.channel is None or self.channel.transport is None:
            return
        if not self.is_whole:
            self.channel.setTimeout(self.channel.site.timeOut)
        self.channel.transport.resumeProducing()

    def answer(self, answer: Answer) -> None:
        """Answer at once, if the body is there or not.

        A client that is told before it has sent all may go on to send: dput reads no answer before
        its last byte is out. What still comes is dropped, and the connection ends with it.
        """
        if self._disconnected or self.is_answered:
            return
        self.is_answered = True
        if not self.is_whole:
            self.channel.persistent = 0
        always = self.channel.always + self.own_fields
        head = answer.head(always=always, closes=not self.channel.persistent)
        self.code, self.startedWriting = answer.status, 1
        self.channel.write(head if self.method == b"HEAD" else head + answer.body)
        if self.is_whole:
            self.finish()

    def abort(self) -> None:
        """End the connection at once."""
        if self.channel is not None:
            self.channel.transport.abortConnection()

    def hang_up(self) -> None:
        """End the connection."""
        if self.channel is not None:
            self.channel.transport.loseConnection()
