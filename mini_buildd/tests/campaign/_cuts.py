"""A bad line: it lets so many bytes of a client through, and then something happens to it."""

import contextlib
import enum
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

_BLOCK_BYTES = 16 << 10
# Closed with this set, a socket sends a reset instead of an end (socket(7)).
_RESET = struct.pack("ii", 1, 0)
_GIVES_UP_SECONDS = 30
_STALL_SECONDS = 5


class Manner(enum.StrEnum):
    """What happens."""

    RESET = "the connection is reset"
    END = "the client's side ends"
    STALL = "nothing comes any more"
    KILL = "the daemon is killed"


@dataclass(slots=True)
class Cut:
    """*manner* happens once *after_bytes* have passed, over all lines together; *kill* kills."""

    after_bytes: int
    manner: Manner
    kill: Callable[[], None]
    has_happened: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def pass_on(self, data: bytes) -> bytes:
        """The part of *data* that still goes through."""
        with self._lock:
            rest = data[: self.after_bytes]
            self.after_bytes -= len(rest)
            if len(rest) < len(data) and not self.has_happened.is_set():
                self.has_happened.set()
                if self.manner is Manner.KILL:
                    self.kill()
        return rest


class Line:
    """A port of ours, and behind it the server's *port*; *cut* is what happens to it."""

    def __init__(self, port: int, cut: Cut) -> None:
        self._target, self._cut = port, cut
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._go(self._accept)

    @property
    def port(self) -> int:
        """Where clients connect to."""
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        """Let nobody in any more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def wait(self) -> None:
        """Until all who were let in are gone."""
        for thread in self._threads:
            thread.join(_GIVES_UP_SECONDS)

    def _go(self, work: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._cut.has_happened.is_set():
                client.close()
                continue
            self._go(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target), _GIVES_UP_SECONDS)
        except OSError:
            client.close()
            return
        down = self._go(_forward, server, client)
        try:
            self._up(client, server)
        except OSError:
            _close(client, server)
        is_stalled = self._cut.has_happened.is_set() and self._cut.manner is Manner.STALL
        down.join(_STALL_SECONDS if is_stalled else _GIVES_UP_SECONDS)
        _close(client, server)

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        """What the client sends, as long as it goes through."""
        while data := client.recv(_BLOCK_BYTES):
            rest = self._cut.pass_on(data)
            server.sendall(rest)
            if len(rest) < len(data):
                _happen(self._cut.manner, client, server)
                return
        server.shutdown(socket.SHUT_WR)


def _happen(manner: Manner, client: socket.socket, server: socket.socket) -> None:
    if manner is Manner.RESET:
        for each in (client, server):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        _close(client, server)
    elif manner is Manner.END:
        server.shutdown(socket.SHUT_WR)
    # When it stalls, the server may end it by itself; HTTP waits for a minute, and we do not.


def _forward(source: socket.socket, target: socket.socket) -> None:
    """What the server answers, until it hangs up; then the client is hung up on, too."""
    try:
        with contextlib.suppress(OSError):
            while data := source.recv(_BLOCK_BYTES):
                target.sendall(data)
    finally:
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


def _close(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
