"""A wire that breaks: passes bytes on to a server, and cuts connections after so many of them."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

_BLOCK = 64 << 10


@contextmanager
def cutting(port: int, cuts: list[int]) -> Iterator[int]:
    """The port of a proxy to *port*; each of *cuts* ends one connection after so many bytes.

    Only a connection that has sent so much is cut; the others end as they would.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_accept, args=(listener, port, cuts), daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # closing alone would not wake who accepts
        listener.close()
        thread.join(timeout=10)


def _accept(listener: socket.socket, port: int, cuts: list[int]) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, port, cuts), daemon=True).start()


def _serve(client: socket.socket, port: int, cuts: list[int]) -> None:
    with closing(client), closing(socket.create_connection(("127.0.0.1", port))) as server:
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        count = 0
        while data := _read(client):
            server.sendall(data)
            count += len(data)
            if cuts and count >= cuts[0]:
                cuts.pop(0)
                return
        back.join(timeout=10)


def _copy(source: socket.socket, target: socket.socket) -> None:
    while data := _read(source):
        try:
            target.sendall(data)
        except OSError:
            return


def _read(source: socket.socket) -> bytes:
    try:
        return source.recv(_BLOCK)
    except OSError:
        return b""
