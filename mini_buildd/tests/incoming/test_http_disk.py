"""Uploads by HTTP onto a disk that is behind, and onto one that takes no more."""

import base64
import os
from collections.abc import Iterator

import pytest

from mini_buildd.tests.incoming.http_server import Answer, HttpServer, serve_http

_CONTENT = os.urandom(5_000_000)
_MOST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    """Each write takes longer than one that is done at once may."""
    with serve_http(tmp_path_factory.mktemp("slow"), slow_disk_seconds=0.02) as server:
        yield server


@pytest.fixture(scope="module", params=[0, 0.02])
def failing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HttpServer]:
    """No file may have more than some bytes; the write fails at once, or in a thread."""
    options = {"slow_disk_seconds": request.param, "largest_on_disk_bytes": _MOST_BYTES}
    with serve_http(tmp_path_factory.mktemp("failing"), **options) as server:
        yield server


def _put(server: HttpServer, content: bytes) -> Answer:
    return server.ask("PUT", "/upload/x", content)


def _form(server: HttpServer, content: bytes) -> Answer:
    head = b'--XX\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    body = head + content + b"\r\n--XX--\r\n"
    kind = "multipart/form-data; boundary=XX"
    return server.ask("POST", "/api/v1/uploads/files", body, Content_Type=kind)


def _tus(server: HttpServer, content: bytes) -> Answer:
    fields = {
        "Tus_Resumable": "1.0.0",
        "Content_Type": "application/offset+octet-stream",
        "Upload_Length": str(len(content)),
        "Upload_Metadata": f"filename {base64.b64encode(b'x').decode()}",
    }
    return server.ask("POST", "/api/v1/incoming/", content, **fields)


_WAYS = [_put, _form, _tus]


@pytest.mark.parametrize("bring", _WAYS)
def test_what_comes_faster_than_the_disk_takes_it_arrives_whole(
    slow: HttpServer, bring: object
) -> None:
    slow.empty()
    assert callable(bring)
    assert bring(slow, _CONTENT).status in (201, 202)
    assert slow.files() == {"x": [_CONTENT]}


@pytest.mark.parametrize("bring", _WAYS)
def test_when_the_disk_takes_no_more_the_client_is_told_and_others_still_come_in(
    failing: HttpServer, bring: object
) -> None:
    failing.empty()
    assert callable(bring)
    answer = bring(failing, _CONTENT)
    assert answer.status == 507
    assert b"File too large" in answer.body
    failing.wait_for_no_parts()
    assert failing.files() == {}
    assert bring(failing, _CONTENT[:1_000_000]).status in (201, 202)
    assert failing.files() == {"x": [_CONTENT[:1_000_000]]}


def test_a_resumable_transfer_keeps_what_the_disk_took(failing: HttpServer) -> None:
    failing.empty()
    assert _tus(failing, _CONTENT).status == 507
    (token,) = [path.name for path in failing.resumable() if not path.suffix]
    answer = failing.ask("HEAD", f"/api/v1/incoming/{token}", None, Tus_Resumable="1.0.0")
    assert 0 < int(answer.fields["upload-offset"]) <= _MOST_BYTES
