"""All files of an upload in one request."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mini_buildd.tests.incoming.http_server import Answer, HttpServer, serve_http
from mini_buildd.tests.instance import wait_for

_PATH = "/api/v1/uploads/files"
_TYPE = "multipart/form-data; boundary=XX"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    with serve_http(tmp_path_factory.mktemp("form")) as server:
        yield server


@pytest.fixture
def server(shared: HttpServer) -> HttpServer:
    """The shared one, with an empty spool."""
    shared.empty()
    return shared


def _form(*parts: tuple[str, bytes], end: bytes = b"--XX--\r\n") -> bytes:
    made = [
        f'--XX\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, content in parts
    ]
    return b"".join(made) + end


def _post(server: HttpServer, body: bytes, kind: str = _TYPE) -> Answer:
    return server.ask("POST", _PATH, body, Content_Type=kind)


def test_curl_brings_all_files_at_once_and_learns_what_to_watch(
    server: HttpServer, tmp_path: Path
) -> None:
    contents = {
        "a.changes": b"\r\n--\r\n" * 1000,
        "a.dsc": b"",
        "a.tar.xz": os.urandom(3_000_000),
    }
    command = ["curl", "-sSf", "--noproxy", "*", "-F", "comment=hello"]
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        command += ["-F", f"file=@{tmp_path / name}"]
    done = subprocess.run([*command, f"{server.url}{_PATH}"], check=True, capture_output=True)
    digest = hashlib.sha256(contents["a.changes"]).hexdigest()
    assert server.files() == {name: [content] for name, content in contents.items()}
    answer = Answer(202, "", done.stdout, {}).json
    assert set(answer["files"]) == set(contents)
    assert answer["changes"] == [
        {
            "name": "a.changes",
            "sha256": digest,
            "watch": f"/api/v1/uploads/?changes_sha256={digest}",
        }
    ]


def test_the_changes_is_never_looked_at_before_its_files_are_there(server: HttpServer) -> None:
    assert _post(server, _form(("a.changes", b"x"), ("b", b"y"))).status == 202
    assert len(server.next_changes()) == 1
    assert set(server.files()) == {"a.changes", "b"}


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (_form(("a", b"x"), ("../b", b"y")), _TYPE, 400, "file-name-refused"),
        (_form(("a", b"x"), ("a", b"y")), _TYPE, 400, "request-malformed"),
        (_form(), _TYPE, 400, "request-malformed"),
        (_form(("a", b"x"), end=b""), _TYPE, 400, "request-malformed"),
        (b"no form", _TYPE, 400, "request-malformed"),
        (_form(("a", b"x")), "multipart/form-data", 400, "request-malformed"),
        (_form(("a", b"x")), "application/json", 415, "content-type-refused"),
        (
            b'--XX\r\nContent-Disposition: form-data; name="c"\r\n\r\n' + b"x" * 100_000,
            _TYPE,
            400,
            "request-malformed",
        ),
        (b"--XX\r\nX: " + b"x" * 100_000, _TYPE, 400, "request-malformed"),
    ],
)
def test_all_arrive_or_none(
    server: HttpServer, body: bytes, kind: str, status: int, code: str
) -> None:
    answer = _post(server, body, kind)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.fields["content-type"] == "application/problem+json"
    server.wait_for_no_parts()
    assert server.files() == {}


def test_a_request_that_is_cut_leaves_nothing(server: HttpServer) -> None:
    form = _form(("a", b"x"), ("b", b"y" * 2_000_000))
    with closing(server.connect()) as connection:
        connection.sendall(
            f"POST {_PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {_TYPE}\r\n"
            f"Content-Length: {len(form)}\r\n\r\n".encode()
            + form[:1_500_000]
        )
        wait_for("the parts", lambda: len(server.parts()) == 2, seconds=20, interval=0.01)
    server.wait_for_no_parts()
    assert server.files() == {}


def test_a_client_that_goes_before_the_disk_has_it_all_takes_no_room_for_ever(
    tmp_path: Path,
) -> None:
    body = _form(("a.tar", b"x" * 60_000))
    head = f"POST {_PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {_TYPE}\r\n"
    with serve_http(tmp_path, slow_disk_seconds=0.3, max_spool_bytes=100_000) as server:
        with closing(server.connect()) as client:
            whole = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
            client.sendall(whole[:-1000])
            wait_for("the part", lambda: server.parts() != [], seconds=20, interval=0.01)
            client.sendall(whole[-1000:])
        server.wait_for_no_parts()
        assert server.files() == {}
        wait_for("room", lambda: _post(server, body).status == 202, seconds=20)


def test_when_there_is_no_room_for_all_none_stays(tmp_path: Path) -> None:
    with serve_http(tmp_path, max_spool_bytes=100_000) as server:
        for _ in range(3):
            answer = _post(server, _form(("a", b"x" * 60_000), ("b", b"x" * 60_000)))
            assert (answer.status, answer.json["code"]) == (507, "no-room")
            server.wait_for_no_parts()
        smaller = _form(("a", b"x" * 60_000), ("b", b"x"))
        # The room is counted as free just after the last part is gone.
        wait_for("room", lambda: _post(server, smaller).status == 202, seconds=20)


def test_a_page_of_somebody_else_brings_nothing_by_the_browser_of_a_visitor(
    server: HttpServer,
) -> None:
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 202)):
        fields = {"Content_Type": _TYPE, "Sec_Fetch_Site": site}
        assert server.ask("POST", _PATH, _form(("a", b"x")), **fields).status == status
    assert server.files() == {"a": [b"x"]}
