"""Large files to all sorts of clients, over plain sockets and TLS."""

import hashlib
import os
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPResponse
from io import BufferedReader
from pathlib import Path

import pytest

from mini_buildd.tests.daemon.server import Server, serving
from mini_buildd.tests.instance import wait_for

_BIG_BYTES = 24 << 20  # more than the kernel keeps for a client on both sides
_SIZES = {"small": 1000, "middling": 30_000, "middle": 40_000, "big": _BIG_BYTES}
_STALL_SECONDS = 1


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of files that are sent in one piece and of such that are not."""
    home = tmp_path_factory.mktemp("home")
    root = home / "archive" / "test"
    root.mkdir(parents=True)
    for name, size in _SIZES.items():
        (root / name).write_bytes(_bytes(name, size))
    with serving(home, str(_STALL_SECONDS)) as started:
        yield started


def _bytes(name: str, size: int) -> bytes:
    return hashlib.shake_128(name.encode()).digest(size)


def _request(name: str, *fields: str) -> bytes:
    lines = [f"GET /archive/test/{name} HTTP/1.1", "Host: localhost", *fields, "", ""]
    return "\r\n".join(lines).encode()


def _answer(connection: socket.socket) -> HTTPResponse:
    answer = HTTPResponse(connection)
    answer.begin()
    return answer


def _read_answer(stream: BufferedReader) -> tuple[int, bytes]:
    """The next of several answers: each must end where the following begins."""
    status = int(stream.readline().split()[1])
    fields = dict(line.split(b": ", 1) for line in iter(stream.readline, b"\r\n"))
    return status, stream.read(int(fields[b"Content-Length"]))


def _wait_until_all_is_closed(server: Server) -> None:
    wait_for("all files are closed", lambda: server.open_files() == [], seconds=20)


@pytest.mark.parametrize("name", list(_SIZES))
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_byte_arrives(server: Server, scheme: str, name: str) -> None:
    port = server.port if scheme == "http" else server.tls_port
    url = f"{scheme}://127.0.0.1:{port}/archive/test/{name}"
    got = subprocess.run(
        ["curl", "-sSfk", "--http1.1", url], check=True, stdout=subprocess.PIPE
    ).stdout
    assert got == (server.home / "archive" / "test" / name).read_bytes()
    part = ["curl", "-sSfk", "-r", "500-998", url]
    assert subprocess.run(part, check=True, stdout=subprocess.PIPE).stdout == got[500:999]
    _wait_until_all_is_closed(server)


def test_ten_requests_at_once_are_answered_in_their_order(server: Server) -> None:
    names = ["small", "big", "middle", "small", "nothing", "big", "big", "small", "small", "middle"]
    with closing(server.connect()) as connection:
        connection.sendall(b"".join(_request(name) for name in names))
        stream = connection.makefile("rb")
        for name in names:
            status, body = _read_answer(stream)
            if name == "nothing":
                assert status == 404
            else:
                assert body == (server.home / "archive" / "test" / name).read_bytes()
        connection.sendall(_request("small", "Connection: close"))
        assert stream.read().endswith(_bytes("small", 1000))
    _wait_until_all_is_closed(server)


@pytest.mark.parametrize(
    ("kinds", "padding_bytes", "count"),
    [
        (["middling"], 0, 3000),
        (["small", "middling", "middle"], 8000, 500),
        (["middling"], 8000, 4000),
    ],
)
def test_who_asks_and_asks_and_does_not_read_has_to_wait(
    server: Server, kinds: list[str], padding_bytes: int, count: int
) -> None:
    names = kinds * count
    padding = "X-Padding: " + "x" * padding_bytes
    memory_before, cpu_before = server.memory_bytes(), server.reactor_seconds()
    with closing(server.connect(receive_bytes=4096)) as connection:
        requests = b"".join(_request(name, padding) for name in names)
        sender = threading.Thread(target=connection.sendall, args=(requests,), daemon=True)
        sender.start()
        looks = [cpu_before]

        def is_stuck() -> bool:
            looks.append(server.reactor_seconds())
            return looks[-1] > cpu_before and looks[-5:] == looks[-1:] * 5

        wait_for("the server is stuck", is_stuck, seconds=20)
        stream = connection.makefile("rb")
        for name in names:
            assert _read_answer(stream)[1] == _bytes(name, _SIZES[name])
        sender.join(10)
    assert server.memory_bytes() - memory_before < 10 << 20
    _wait_until_all_is_closed(server)


def test_an_old_client_gets_the_end_of_the_connection(server: Server) -> None:
    with closing(server.connect()) as connection:
        connection.sendall(b"GET /archive/test/big HTTP/1.0\r\n\r\n")
        answer = _answer(connection)
        assert answer.getheader("connection") == "close"
        assert answer.read() == _bytes("big", _BIG_BYTES)
        assert connection.recv(1) == b""
    _wait_until_all_is_closed(server)


def _leave(connection: socket.socket, *, rudely: bool) -> None:
    if rudely:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("rudely", [False, True])
def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(
    server: Server, *, rudely: bool
) -> None:
    _wait_until_all_is_closed(server)
    connections = [server.connect(receive_bytes=4096) for _ in range(20)]
    for connection in connections:
        connection.sendall(_request("big") * 3)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(server.open_files()) == 20
    for connection in connections:
        _leave(connection, rudely=rudely)
    _wait_until_all_is_closed(server)
    assert server.ask("/archive/test/small").status == 200


def test_a_slow_client_costs_nothing_and_is_not_given_up(server: Server) -> None:
    """So slow that the kernel has something left for it all the time."""
    with closing(server.connect(receive_bytes=4096)) as connection:
        before = server.reactor_seconds()
        connection.sendall(_request("big"))
        answer, pause = _answer(connection), threading.Event()
        begin = b""
        deadline = time.monotonic() + 3 * _STALL_SECONDS
        while time.monotonic() < deadline:
            begin += answer.read(4096)
            pause.wait(0.02)
        assert server.reactor_seconds() - before < _STALL_SECONDS
        assert begin + answer.read() == _bytes("big", _BIG_BYTES)
    _wait_until_all_is_closed(server)


def test_a_client_that_takes_nothing_is_given_up(server: Server) -> None:
    with closing(server.connect(receive_bytes=4096)) as connection:
        connection.sendall(_request("big"))
        wait_for("the transfer began", lambda: server.open_files() != [], seconds=10)
        _wait_until_all_is_closed(server)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_file_that_becomes_shorter_cuts_the_connection(server: Server, scheme: str) -> None:
    path = server.home / "archive" / "test" / "torn"
    path.write_bytes(_bytes("torn", _BIG_BYTES))
    port = server.port if scheme == "http" else server.tls_port
    with subprocess.Popen(
        ["curl", "-skN", f"{scheme}://127.0.0.1:{port}/archive/test/torn"], stdout=subprocess.PIPE
    ) as curl:
        assert curl.stdout is not None
        begin = curl.stdout.read(1000)
        os.truncate(path, 1 << 20)
        rest = curl.stdout.read()
    assert curl.returncode in (18, 56)  # a part only, or a failure in receiving
    assert len(begin + rest) < _BIG_BYTES
    _wait_until_all_is_closed(server)


def test_a_file_that_is_replaced_is_still_sent_as_it_was(server: Server) -> None:
    path = server.home / "archive" / "test" / "replaced"
    path.write_bytes(_bytes("old", _BIG_BYTES))
    with closing(server.connect(receive_bytes=4096)) as connection:
        connection.sendall(_request("replaced"))
        answer = _answer(connection)
        begin = answer.read(1000)
        new = path.with_name("new")
        new.write_bytes(_bytes("new", 100))
        new.rename(path)
        assert begin + answer.read() == _bytes("old", _BIG_BYTES)
    assert server.ask("/archive/test/replaced").body == _bytes("new", 100)


def test_others_are_served_while_many_download(server: Server, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{server.port}/archive/test/big"
    slow = ["curl", "-sS", "--limit-rate", "1M", "-o", str(tmp_path / "slow"), url]
    with subprocess.Popen(slow) as curl:
        for _ in range(20):
            assert server.ask("/archive/test/small").body == _bytes("small", 1000)
        assert curl.poll() is None
        curl.kill()
    _wait_until_all_is_closed(server)
