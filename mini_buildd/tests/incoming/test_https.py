"""The site over TLS, with the certificate that an instance makes for itself."""

import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from mini_buildd.tests.incoming.http_server import HttpServer, serve_http
from mini_buildd.tests.incoming.tiny import tiny_upload

_CONTENT = os.urandom(3_000_000)
_HSTS = "strict-transport-security"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    home = tmp_path_factory.mktemp("https")
    (home / "static").mkdir()
    (home / "static" / "style.css").write_text("x")
    (home / "archive" / "test").mkdir(parents=True)
    (home / "archive" / "test" / "Release").write_text("x")
    with serve_http(home, hsts_seconds=3600) as server:
        yield server


@pytest.fixture
def server(shared: HttpServer) -> HttpServer:
    """The shared one, with an empty spool."""
    shared.empty()
    return shared


def _run(*command: str, trusting: Path | None = None, check: bool = True) -> str:
    environment = {**os.environ, "SSL_CERT_FILE": str(trusting)} if trusting else None
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    if check and done.returncode:
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {done.stderr}")
    return done.stdout + done.stderr


# --- uploads ------------------------------------------------------------------------------


def test_curl_brings_a_file(server: HttpServer, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(_CONTENT)
    trust = ("--cacert", str(server.certificate), "--noproxy", "*")
    _run("curl", "-sSf", *trust, "-T", str(tmp_path / "x"), f"{server.secure_url}/upload/")
    assert server.files() == {"x": [_CONTENT]}


def test_dput_brings_an_upload(server: HttpServer, tmp_path: Path) -> None:
    changes = tiny_upload(tmp_path)
    (tmp_path / "dput.cf").write_text(
        f"[here]\nmethod = https\nfqdn = 127.0.0.1:{server.tls_port}\nincoming = /upload\n"
        "allow_unsigned_uploads = 1\n"
    )
    command = ("dput", "-u", "-f", "-c", str(tmp_path / "dput.cf"), "here", str(changes))
    assert "CERTIFICATE_VERIFY_FAILED" in _run(*command, check=False)
    _run(*command, trusting=server.certificate)
    assert server.files()[changes.name] == [changes.read_bytes()]


def test_a_body_that_is_cut_is_forgotten(server: HttpServer) -> None:
    trust = ssl.create_default_context(cafile=str(server.certificate))
    plain = socket.create_connection(("127.0.0.1", server.tls_port), timeout=20)
    with closing(trust.wrap_socket(plain, server_hostname="127.0.0.1")) as connection:
        connection.sendall(b"PUT /upload/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
    server.wait_for_no_parts()
    assert server.files() == {}


# --- what browsers are told -----------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/archive/test/Release",
        "/archive/test/",
        "/archive/none",
        "/static/app/style.css",
        "/static/none",
        "/upload/x",
        "/api/v1/incoming/x",
    ],
)
def test_every_answer_over_tls_tells_to_stay_with_it_and_none_without(
    server: HttpServer, path: str
) -> None:
    secure = requests.get(server.secure_url + path, verify=str(server.certificate), timeout=20)
    assert secure.headers[_HSTS] == "max-age=3600"
    assert secure.status_code == (plain := server.ask("GET", path)).status
    assert _HSTS not in plain.fields


def test_django_knows_which_way_a_request_came(server: HttpServer) -> None:
    secure = requests.get(server.secure_url, verify=str(server.certificate), timeout=20)
    assert (secure.text, server.ask("GET", "/").body) == ("https", b"http")


def test_nothing_is_said_of_it_when_it_is_not_wanted(tmp_path: Path) -> None:
    with serve_http(tmp_path) as server:
        answer = requests.get(server.secure_url, verify=str(server.certificate), timeout=20)
        assert _HSTS not in answer.headers


# --- where it is served ------------------------------------------------------------------------


def test_it_can_be_served_by_ipv6_and_ipv4_at_once(tmp_path: Path) -> None:
    with serve_http(tmp_path, interface="::") as server:
        trust = ("--cacert", str(server.certificate), "--noproxy", "*", "-sSf")
        for host in ("[::1]", "127.0.0.1"):
            url = f"https://{host}:{server.tls_port}/upload/x"
            assert _run("curl", *trust, "-T", __file__, url) == "x is here.\n"
