"""Resumable transfers, with tuspy, with curl, and over kill -9 of the server."""

import base64
import hashlib
import io
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tusclient.client import TusClient

from mini_buildd.tests.incoming.http_server import Answer, HttpServer, serve_http
from mini_buildd.tests.instance import wait_for

_CONTENT = os.urandom(3_000_000)
_PATH = "/api/v1/incoming/"
_TUS = {"Tus_Resumable": "1.0.0"}
_PATCH = {**_TUS, "Content_Type": "application/offset+octet-stream"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    with serve_http(tmp_path_factory.mktemp("tus")) as server:
        yield server


@pytest.fixture
def server(shared: HttpServer) -> HttpServer:
    """The shared one, with an empty spool."""
    shared.empty()
    return shared


def _named(name: str) -> str:
    return f"filename {base64.b64encode(name.encode()).decode()}"


def _begin(server: HttpServer, length: object, name: str = "x", **fields: str) -> Answer:
    told = {**_TUS, "Upload_Length": str(length), "Upload_Metadata": _named(name), **fields}
    return server.ask("POST", _PATH, None, **told)


def _begun(server: HttpServer, length: int, name: str = "x") -> str:
    answer = _begin(server, length, name)
    assert answer.status == 201
    return answer.fields["location"]


def _patch(server: HttpServer, where: str, offset: int, data: bytes, **fields: str) -> Answer:
    return server.ask("PATCH", where, data, **{**_PATCH, "Upload_Offset": str(offset), **fields})


def _offset(server: HttpServer, where: str) -> int:
    return int(server.ask("HEAD", where, None, **_TUS).fields["upload-offset"])


# --- clients -----------------------------------------------------------------------------


def _uploader(server: HttpServer, name: str, content: bytes, **options: Any) -> Any:
    # It leaves files open that it opens itself.
    stream = io.BytesIO(content)
    client = TusClient(f"{server.url}{_PATH}")
    return client.uploader(file_stream=stream, metadata={"filename": name}, **options)


@pytest.mark.parametrize("options", [{}, {"chunk_size": 500_000, "upload_checksum": True}])
def test_tuspy_brings_a_file(server: HttpServer, options: dict[str, Any]) -> None:
    _uploader(server, "big_1.orig.tar.xz", _CONTENT, **options).upload()
    assert server.files() == {"big_1.orig.tar.xz": [_CONTENT]}


def test_tuspy_brings_an_empty_file(server: HttpServer) -> None:
    _uploader(server, "empty", b"").upload()
    assert server.files() == {"empty": [b""]}


def test_curl_begins_and_goes_on(server: HttpServer, tmp_path: Path) -> None:
    (tmp_path / "rest").write_bytes(_CONTENT[1_000_000:])
    said = server.ask(
        "POST",
        _PATH,
        _CONTENT[:1_000_000],
        **{**_PATCH, "Upload_Length": str(len(_CONTENT)), "Upload_Metadata": _named("x")},
    )
    assert (said.status, said.fields["upload-offset"]) == (201, "1000000")
    done = subprocess.run(
        [
            *("curl", "-sSi", "--noproxy", "*", "-X", "PATCH", "-T", str(tmp_path / "rest")),
            *("-H", "Tus-Resumable: 1.0.0", "-H", "Upload-Offset: 1000000"),
            *("-H", "Content-Type: application/offset+octet-stream"),
            f"{server.url}{said.fields['location']}",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    assert f"Upload-Offset: {len(_CONTENT)}" in done.stdout
    assert server.files() == {"x": [_CONTENT]}


# --- going on ------------------------------------------------------------------------------


def test_what_came_before_a_cut_is_kept_and_gone_on_with(server: HttpServer) -> None:
    where = _begun(server, len(_CONTENT))
    _send_half(server, where)
    offset = _offset(server, where)
    assert 0 < offset <= 2_000_000
    assert _patch(server, where, offset, _CONTENT[offset:]).status == 204
    assert server.files() == {"x": [_CONTENT]}


def _send_half(server: HttpServer, where: str) -> None:
    """A PATCH that is cut when two thirds of it are on their way and some is on the disk."""
    with closing(server.connect()) as connection:
        _send_head(connection, where)
        connection.sendall(_CONTENT[:2_000_000])
        wait_for("the first bytes", lambda: _size(server) > 0, seconds=20, interval=0.01)


def _send_head(connection: socket.socket, where: str) -> None:
    connection.sendall(
        f"PATCH {where} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        "Content-Type: application/offset+octet-stream\r\n"
        f"Content-Length: {len(_CONTENT)}\r\n\r\n".encode()
    )


def _status(server: HttpServer, where: str) -> int:
    return server.ask("HEAD", where, None, **_TUS).status


def _size(server: HttpServer) -> int:
    return max(path.stat().st_size for path in server.resumable() if not path.suffix)


def test_after_kill_9_a_client_goes_on_where_it_was(tmp_path: Path) -> None:
    with serve_http(tmp_path) as server:
        port = server.port
        where = _begun(server, len(_CONTENT), "big_1.orig.tar.xz")
        _send_half(server, where)
        with closing(server.connect()) as connection:
            server.kill()
            connection.close()
        assert server.process.returncode == -9
    left = _size(server)
    assert 0 < left <= 2_000_000
    with serve_http(tmp_path, port=port) as server:
        url = f"{server.url}{where}"
        uploader = _uploader(server, "whatever", _CONTENT, url=url, chunk_size=700_000)
        assert uploader.offset == left
        uploader.upload()
        assert server.files() == {"big_1.orig.tar.xz": [_CONTENT]}


def test_what_was_whole_when_the_server_was_killed_has_arrived_after_its_start(
    tmp_path: Path,
) -> None:
    with serve_http(tmp_path) as server:
        where = _begun(server, 10)
        _patch(server, where, 0, b"12345")
        server.kill()
    data = next(path for path in server.resumable() if not path.suffix)
    data.write_bytes(b"1234567890")  # killed between the last byte and the arrival
    with serve_http(tmp_path) as server:
        assert server.files() == {"x": [b"1234567890"]}
        assert _offset(server, where) == 10


def test_a_client_that_missed_the_last_answer_learns_that_all_is_there(server: HttpServer) -> None:
    where = _begun(server, 4)
    _patch(server, where, 0, b"1234")
    assert _offset(server, where) == 4
    assert _patch(server, where, 4, b"").status == 409
    assert server.files() == {"x": [b"1234"]}


def test_a_second_connection_ends_the_first_and_then_goes_on(server: HttpServer) -> None:
    where = _begun(server, len(_CONTENT))
    with closing(server.connect()) as connection:
        _send_head(connection, where)
        connection.sendall(_CONTENT[:1000])
        wait_for("the first", server.open_files, seconds=20, interval=0.01)
        offset = _offset(server, where)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert _patch(server, where, offset, _CONTENT[offset:]).status == 204
    assert server.files() == {"x": [_CONTENT]}


def test_what_nobody_goes_on_with_can_be_taken_away(server: HttpServer) -> None:
    where = _begun(server, 10)
    _patch(server, where, 0, b"12345")
    assert server.ask("DELETE", where, None, **_TUS).status == 204
    assert server.resumable() == []
    assert _status(server, where) == 404


# --- refusals ---------------------------------------------------------------------------------


def test_bytes_that_do_not_fit_their_checksum_are_forgotten(server: HttpServer) -> None:
    where = _begun(server, 10)
    right = base64.b64encode(hashlib.sha256(b"12345").digest()).decode()
    answer = _patch(server, where, 0, b"54321", Upload_Checksum=f"sha256 {right}")
    assert answer.status == 460
    assert answer.json["code"] == "checksum-differs"
    assert _offset(server, where) == 0
    assert _patch(server, where, 0, b"12345", Upload_Checksum=f"sha256 {right}").status == 204
    assert _patch(server, where, 5, b"x", Upload_Checksum="md5 x").status == 400


def test_an_offset_that_is_not_where_we_are_is_refused(server: HttpServer) -> None:
    where = _begun(server, 10)
    answer = _patch(server, where, 5, b"12345")
    assert (answer.status, answer.json["code"]) == (409, "offset-differs")
    assert _offset(server, where) == 0


def test_more_than_was_announced_is_refused(server: HttpServer) -> None:
    where = _begun(server, 10)
    answer = _patch(server, where, 0, b"x" * 11)
    assert (answer.status, answer.json["code"]) == (400, "request-malformed")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"Upload_Length": ""}, 400, "request-malformed"),
        ({"Upload_Length": "-1"}, 400, "request-malformed"),
        ({"Upload_Length": str(1 << 50)}, 413, "file-too-large"),
        ({"Upload_Metadata": ""}, 400, "request-malformed"),
        ({"Upload_Metadata": "filename !"}, 400, "request-malformed"),
        ({"Upload_Metadata": _named("../x")}, 400, "file-name-refused"),
        ({"Tus_Resumable": "0.2.2"}, 412, "protocol-unknown"),
    ],
)
def test_what_cannot_be_begun_is_refused_with_its_code(
    server: HttpServer, fields: dict[str, str], status: int, code: str
) -> None:
    answer = _begin(server, 10, **fields)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.fields["content-type"] == "application/problem+json"
    assert answer.fields["tus-version"] == "1.0.0"
    assert server.resumable() == []


@pytest.mark.parametrize("token", ["0" * 32, "..%2f..%2fx", "../../x", "x", "0" * 32 + ".json"])
def test_what_is_not_under_way_is_not_there(server: HttpServer, token: str) -> None:
    for method in ("HEAD", "DELETE", "PATCH"):
        assert server.ask(method, f"{_PATH}{token}", None, **_PATCH).status == 404


def test_a_client_can_ask_what_is_spoken(server: HttpServer) -> None:
    fields = server.ask("OPTIONS", _PATH).fields
    assert fields["tus-version"] == "1.0.0"
    assert "creation-with-upload" in fields["tus-extension"].split(",")
    assert int(fields["tus-max-size"]) == 2 << 30


def test_bytes_that_have_come_count_in_the_spool_also_after_a_restart(tmp_path: Path) -> None:
    bounds = {"max_spool_bytes": 30_000}
    with serve_http(tmp_path, **bounds) as server:
        where = _begun(server, 20_000)
        _patch(server, where, 0, b"x" * 15_000)
        assert server.ask("PUT", "/upload/y", b"x" * 15_000).status == 507
    with serve_http(tmp_path, **bounds) as server:
        assert server.ask("PUT", "/upload/y", b"x" * 15_000).status == 507
        assert server.ask("DELETE", where, None, **_TUS).status == 204
        assert server.ask("PUT", "/upload/y", b"x" * 15_000).status == 201
