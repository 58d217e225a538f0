"""A wire that breaks: passes bytes on to a server, and cuts connections after so many of them."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

_BLOCK = 64 << 10


@contextmanager
def cutting(port: int, cuts: list[int], answers: list[int] | None = None) -> Iterator[int]:
    """The port of a proxy to *port*; each of *cuts* ends one connection after so many bytes.

    Only a connection that has sent so much is cut; the others end as they would. Each of *answers*
    ends one after so many bytes that came back.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(
        target=_accept, args=(listener, port, cuts, answers or []), daemon=True
    )
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # closing alone would not wake who accepts
        listener.close()
        thread.join(timeout=10)


def _accept(listener: socket.socket, port: int, cuts: list[int], answers: list[int]) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, port, cuts, answers), daemon=True).start()


def _serve(client: socket.socket, port: int, cuts: list[int], answers: list[int]) -> None:
    with closing(client), closing(socket.create_connection(("127.0.0.1", port))) as server:
        back = threading.Thread(target=_copy, args=(server, client, answers), daemon=True)
        back.start()
        count = 0
        while data := _read(client):
            server.sendall(data)
            count += len(data)
            if cuts and count >= cuts[0]:
                cuts.pop(0)
                return
        back.join(timeout=10)


def _copy(source: socket.socket, target: socket.socket, cuts: list[int]) -> None:
    count, most = 0, cuts.pop(0) if cuts else None
    while data := _read(source):
        end = most is not None and count + len(data) >= most
        try:
            target.sendall(data if most is None else data[: most - count])
            if end:
                target.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
        if end:
            return
        count += len(data)


def _read(source: socket.socket) -> bytes:
    try:
        return source.recv(_BLOCK)
    except OSError:
        return b""
