"""PUT, with the clients that people use, and with those that they should not."""

import base64
import os
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mini_buildd.tests.incoming.http_server import HttpServer, serve_http
from mini_buildd.tests.incoming.tiny import tiny_upload
from mini_buildd.tests.instance import wait_for
from mini_buildd.tests.nginx import running

_CONTENT = bytes(range(256)) * 20_000


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    with serve_http(tmp_path_factory.mktemp("http")) as server:
        yield server


@pytest.fixture
def server(shared: HttpServer) -> HttpServer:
    """The shared one, with an empty spool."""
    shared.empty()
    return shared


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hello_1.0.tar.gz"
    path.write_bytes(_CONTENT)
    return path


def run(*command: str, check: bool = True, said: str | None = None) -> str:
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, input=said or "", timeout=60
    )
    if check and done.returncode:
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {done.stderr}")
    return done.stdout + done.stderr


# --- clients --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [[], ["-H", "Expect:"], ["-H", "Transfer-Encoding: chunked"], ["--http1.0"]],
)
def test_curl_brings_a_file(server: HttpServer, file: Path, options: list[str]) -> None:
    run("curl", "-sSf", "--noproxy", "*", *options, "-T", str(file), f"{server.url}/upload/")
    assert server.files() == {file.name: [_CONTENT]}
    assert server.parts() == []


def test_curl_is_asked_to_go_on_before_it_sends(server: HttpServer, file: Path) -> None:
    said = run("curl", "-sSv", "--noproxy", "*", "-T", str(file), f"{server.url}/upload/")
    assert "> Expect: 100-continue" in said
    assert said.index("< HTTP/1.1 100 Continue") < said.index("< HTTP/1.1 201 Created")


def test_several_files_come_over_one_connection(server: HttpServer, tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(name.encode() * 100_000)
    said = run(
        *("curl", "-sSfv", "--noproxy", "*", "-T", f"{tmp_path}/{{a,b,c}}"),
        f"{server.url}/upload/",
    )
    assert said.count("Re-using existing connection") == 2
    assert {name: len(found[0]) for name, found in server.files().items()} == dict.fromkeys(
        "abc", 100_000
    )


def test_dput_brings_an_upload(server: HttpServer, tmp_path: Path) -> None:
    changes = tiny_upload(tmp_path)
    (tmp_path / "dput.cf").write_text(
        f"[here]\nmethod = http\nfqdn = 127.0.0.1:{server.port}\nincoming = /upload\n"
        "allow_unsigned_uploads = 1\n"
    )
    run("dput", "-u", "-f", "-c", str(tmp_path / "dput.cf"), "here", str(changes))
    arrived = server.files()
    assert set(arrived) == {
        *("tiny_1.0.dsc", "tiny_1.0.tar.xz", "tiny_1.0_source.buildinfo"),
        changes.name,
    }
    assert arrived[changes.name] == [changes.read_bytes()]


def test_files_come_through_nginx_with_the_site_file_of_the_example(
    server: HttpServer, file: Path, tmp_path: Path
) -> None:
    with running(tmp_path, home=server.home, daemon_port=server.port) as (port, _):
        url = f"http://127.0.0.1:{port}/upload/"
        run("curl", "-sSf", "--noproxy", "*", "-T", str(file), url)
        said = run("curl", "-sS", "--noproxy", "*", "-T", str(file), f"{url}.hidden")
    assert server.files() == {file.name: [_CONTENT]}
    assert said.startswith("Not a plain file name")


# --- refusals that reach the person ------------------------------------------------------


def test_dput_shows_why_a_file_is_refused(tmp_path: Path) -> None:
    changes = tiny_upload(tmp_path)
    with serve_http(tmp_path / "home", policy="off") as server:
        (tmp_path / "dput.cf").write_text(
            f"[here]\nmethod = http\nfqdn = 127.0.0.1:{server.port}\nincoming = /upload\n"
            "allow_unsigned_uploads = 1\n"
        )
        command = ("dput", "-u", "-f", "-c", str(tmp_path / "dput.cf"), "here", str(changes))
        said = run(*command, check=False)
    assert "Upload failed: 403 No uploads are taken in this way" in said
    assert "Upload by FTP" in said


@pytest.mark.parametrize("options", [[], ["-H", "Expect:"]])
def test_curl_shows_why_a_large_file_is_refused(
    tmp_path: Path, file: Path, options: list[str]
) -> None:
    with serve_http(tmp_path / "home", max_file_bytes=len(_CONTENT) - 1) as server:
        # Who sends on for longer than a file may be is hung up on, and may not see the answer.
        url = f"{server.url}/upload/"
        said = run("curl", "-sS", "--noproxy", "*", *options, "-T", str(file), url, check=False)
        assert said.startswith("The file is too large: ")
        assert server.files() == {}
        assert server.parts() == []


def test_who_sends_on_after_a_refusal_still_reads_it(tmp_path: Path) -> None:
    with serve_http(tmp_path / "home", max_spool_bytes=100_000) as server:
        answer = server.ask("PUT", "/upload/x", _CONTENT)
        assert answer.status == 507
        assert answer.reason.startswith("There is no room for the file")
        assert answer.fields["connection"] == "close"
        server.wait_for_no_parts()
        assert server.ask("PUT", "/upload/fits", b"x" * 50_000).status == 201


@pytest.mark.parametrize("name", ["..%2fx", "a/b", ".hidden", "-x", "a%20b", "", "x" * 201, "%00"])
def test_a_name_that_is_not_plain_is_refused_and_leaves_nothing(
    server: HttpServer, name: str
) -> None:
    before = set(server.home.rglob("*"))
    answer = server.ask("PUT", f"/upload/{name}", b"x")
    assert answer.status == 400
    assert answer.body.startswith(b"Not a plain file name")
    assert set(server.home.rglob("*")) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "PROPFIND"])
def test_nothing_but_put_is_done_there(server: HttpServer, method: str) -> None:
    assert server.ask(method, "/upload/x").status == 405


def test_a_part_of_a_file_is_not_taken_for_the_file(server: HttpServer) -> None:
    answer = server.ask("PUT", "/upload/x", b"x", Content_Range="bytes 0-0/2")
    assert answer.status == 400
    assert server.files() == {}


# --- what is cut is forgotten ----------------------------------------------------------------


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 1000\r\n\r\nhalf",
        b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
    ],
)
@pytest.mark.parametrize("end", ["reset", "close"])
def test_a_body_that_does_not_come_to_its_end_is_forgotten(
    server: HttpServer, rest: bytes, end: str
) -> None:
    with closing(server.connect()) as connection:
        connection.sendall(b"PUT /upload/x HTTP/1.1\r\nHost: x\r\n" + rest)
        wait_for("the part", lambda: server.parts() or b"zz" in rest, seconds=20, interval=0.01)
        if end == "reset":
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    server.wait_for_no_parts()
    assert server.files() == {}


def test_a_body_that_stands_still_is_ended_and_forgotten(tmp_path: Path) -> None:
    with serve_http(tmp_path, idle_seconds=1) as server, closing(server.connect()) as connection:
        connection.sendall(b"PUT /upload/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
        assert connection.recv(100) == b""
        server.wait_for_no_parts()
        assert server.files() == {}


def test_a_header_that_comes_a_byte_at_a_time_does_not_hold_a_connection(tmp_path: Path) -> None:
    with serve_http(tmp_path, idle_seconds=1) as server, closing(server.connect()) as connection:
        connection.settimeout(0.1)
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(300):
            try:
                connection.sendall(b"x")
                if connection.recv(100) == b"":
                    return
            except TimeoutError:
                continue
            except OSError:
                return
    raise AssertionError("it was listened to all the time")


def test_a_header_that_has_no_end_is_refused(server: HttpServer) -> None:
    with closing(server.connect()) as connection:
        fields = b"".join(b"X-%d: y\r\n" % number for number in range(200))
        connection.sendall(b"PUT /upload/x HTTP/1.1\r\n" + fields + b"\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")
    assert server.files() == {}


# --- who may ------------------------------------------------------------------------------------


def _basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    """A server that wants to know who uploads."""
    with serve_http(tmp_path_factory.mktemp("accounts"), policy="accounts") as server:
        yield server


@pytest.mark.parametrize("header", [_basic("pat:secret: ä"), "Bearer a-token"])
@pytest.mark.parametrize("size", [0, 10, 5_000_000])
def test_an_account_or_a_token_lets_in(closed: HttpServer, header: str, size: int) -> None:
    closed.empty()
    body = os.urandom(size)
    assert closed.ask("PUT", "/upload/x", body, Authorization=header).status == 201
    assert closed.files() == {"x": [body]}


@pytest.mark.parametrize(
    "header",
    ["", "Basic ", "Basic !!", _basic("pat"), _basic("pat:wrong"), "Bearer other", "Digest x"],
)
@pytest.mark.parametrize("size", [0, 10, 5_000_000])
def test_whoever_is_not_known_is_asked_who_they_are(
    closed: HttpServer, header: str, size: int
) -> None:
    closed.empty()
    answer = closed.ask("PUT", "/upload/x", b"x" * size, Authorization=header)
    assert answer.status == 401
    assert answer.fields["www-authenticate"].startswith("Basic realm=")
    assert closed.files() == {}
    assert closed.parts() == []


def test_whoever_tried_too_often_is_told_when_to_come_again(closed: HttpServer) -> None:
    answer = closed.ask("PUT", "/upload/x", b"x", Authorization=_basic("often:x"))
    assert (answer.status, answer.fields["retry-after"]) == (429, "7")


@pytest.mark.parametrize("size", [0, 10, 20_000_000])
def test_when_nobody_can_tell_who_it_is_that_is_said_and_the_connection_ends(
    tmp_path: Path, size: int
) -> None:
    with serve_http(tmp_path, policy="accounts") as server:
        header = _basic("broken:x")
        answer = server.ask("PUT", "/upload/x", b"x" * size, Authorization=header)
        assert answer.status == 500
        # A traceback ends with an empty line here.
        wait_for("it stands in the log", lambda: server.errors[-1:] == ["\n"], seconds=10)
        assert "the database is not to be asked" in server.errors[-2]
        server.errors.clear()


def test_a_browser_that_looks_is_not_asked_for_a_password(closed: HttpServer) -> None:
    answer = closed.ask("GET", "/upload/x")
    assert answer.status == 405
    assert "www-authenticate" not in answer.fields
    answer = closed.ask("POST", "/api/v1/uploads/files", b"x")
    assert answer.status == 401
    assert answer.fields["www-authenticate"].startswith("Bearer ")


def test_curl_does_not_send_a_file_before_it_is_let_in(closed: HttpServer, file: Path) -> None:
    url = f"{closed.url}/upload/"
    command = ("curl", "-sSv", "--noproxy", "*", "-T", str(file))
    said = run(*command, url)
    assert "100 Continue" not in said
    assert "< HTTP/1.1 401 Uploads need an account" in said
    said = run(*command, "-u", "pat:secret: ä", url)
    assert "< HTTP/1.1 201 Created" in said


def test_who_is_refused_is_not_asked_for_the_file_afterwards(closed: HttpServer) -> None:
    with closing(closed.connect()) as connection:
        connection.sendall(
            b"PUT /upload/x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            b"Content-Length: 9\r\n\r\n"
        )
        said = connection.recv(10_000)
        connection.shutdown(socket.SHUT_WR)
        while more := connection.recv(10_000):
            said += more
    assert said.startswith(b"HTTP/1.1 401 ")
    assert b"100 Continue" not in said


# --- sessions -------------------------------------------------------------------------------------


def test_more_can_follow_as_long_as_the_connection_is_open(server: HttpServer) -> None:
    with closing(server.connect()) as connection:
        connection.sendall(
            b"PUT /upload/x.changes HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 201 ")
        assert list(server.next_changes().values()) == [True]
    assert list(server.next_changes().values()) == [False]


# --- bounds by peer -------------------------------------------------------------------


def test_there_are_only_so_many_connections_of_a_peer_that_bring_something(tmp_path: Path) -> None:
    with serve_http(tmp_path, max_connections_per_peer=1) as server:
        with closing(server.connect()) as connection:
            connection.sendall(b"PUT /upload/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
            wait_for("the part", server.parts, seconds=20, interval=0.01)
            answer = server.ask("PUT", "/upload/y", b"y")
            assert (answer.status, answer.fields["retry-after"]) == (503, "10")
            assert server.ask("GET", "/").status == 200
        server.next_changes()
        assert server.ask("PUT", "/upload/y", b"y").status == 201


def test_a_peer_that_may_send_so_fast_is_slowed_and_not_cut(tmp_path: Path) -> None:
    content = os.urandom(2_500_000)
    with serve_http(tmp_path, max_bytes_per_second=1_000_000, idle_seconds=1) as server:
        begin = time.monotonic()
        assert server.ask("PUT", "/upload/x", content).status == 201
        # The bucket holds a second; never faster is what counts, however slow this machine is.
        assert time.monotonic() - begin > 1.3
        assert server.files() == {"x": [content]}
