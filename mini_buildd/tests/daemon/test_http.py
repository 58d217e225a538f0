"""What is served as plain files, by a real server to a real client."""

import contextlib
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from mini_buildd.tests.daemon.server import serving


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server of a small archive."""
    home = tmp_path_factory.mktemp("home")
    (home / "secret").write_text("SECRET")
    root = home / "archive" / "test"
    (root / "suites" / "s" / "1").mkdir(parents=True)
    (root / "suites" / "s" / ".2.abc.tmp").mkdir()
    (root / "suites" / "s" / ".2.abc.tmp" / "Release").write_text("SECRET")
    (root / "suites" / "s" / "1" / "Packages.gz").write_bytes(b"\x1f\x8b")
    (root / "suites" / "s" / "1" / "Release").write_text("Release")
    (root / "dists").mkdir()
    (root / "dists" / "s").symlink_to("../suites/s/1")
    (root / ".hidden").write_text("SECRET")
    for name in ("page.html", "image.svg", "hello.dsc", "hello.deb", "hello_1%2e.deb"):
        (root / name).write_text("<script>")
    with serving(home) as server:
        yield server.port


def get(port: int, path: str) -> tuple[int, bytes, dict[str, str]]:
    """GET just this path: a client that does not tidy it up."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("GET", path, skip_host=False)
    connection.endheaders()
    answer = connection.getresponse()
    body, headers = answer.read(), {key.lower(): value for key, value in answer.getheaders()}
    connection.close()
    return answer.status, body, headers


@pytest.mark.parametrize(
    "path",
    [
        "/archive/../secret",
        "/archive/%2e%2e/secret",
        "/archive/test/../../secret",
        "/archive/test/%2e%2e/%2e%2e/secret",
        "/archive/..%2fsecret",
        "/archive/test%2f..%2f..%2fsecret",
        "/archive//secret",
        "/archive/%2fsecret",
        "/archive/test/.hidden",
        "/archive/test/%2ehidden",
        "/archive/test/suites/s/.2.abc.tmp/Release",
        "/archive/test/./.hidden",
        "/archive/test/x%00y",
        "/static/app/..%2f.hidden",
        "/static/app/%2e%2e/.hidden",
    ],
)
def test_no_way_leads_out_of_the_archive_or_to_what_is_hidden(port: int, path: str) -> None:
    status, body, _ = get(port, path)
    assert b"SECRET" not in body
    assert status == 404


def test_a_listing_shows_what_is_published_only(port: int) -> None:
    status, body, _ = get(port, "/archive/test/suites/s/")
    assert status == 200
    assert b"1/" in body
    assert b".tmp" not in body


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("page.html", "application/octet-stream"),
        ("image.svg", "application/octet-stream"),
        ("hello.deb", "application/octet-stream"),
        ("hello.dsc", "text/plain; charset=utf-8"),
    ],
)
def test_nothing_in_the_archive_becomes_a_page_of_this_site(
    port: int, name: str, kind: str
) -> None:
    status, body, headers = get(port, f"/archive/test/{name}")
    assert (status, body) == (200, b"<script>")
    assert headers["content-type"] == kind
    assert headers["x-content-type-options"] == "nosniff"


def test_what_is_compressed_is_a_file_and_no_encoding(port: int) -> None:
    status, body, headers = get(port, "/archive/test/dists/s/Packages.gz")
    assert (status, body) == (200, b"\x1f\x8b")
    assert "content-encoding" not in headers


def test_a_part_of_a_file_can_be_asked_for(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/archive/test/dists/s/Release", headers={"Range": "bytes=3-"})
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (206, b"ease")
    connection.close()


@pytest.mark.parametrize(
    "path", ["/", "/uploads/", "/uploads/1/?line=2", "/archives", "/%41rchive"]
)
def test_all_else_is_djangos_with_the_path_as_it_came(port: int, path: str) -> None:
    status, body, _ = get(port, path)
    assert status == 200
    assert body.decode() == "|" + path.partition("?")[0].replace("%41", "A")


def test_a_field_that_only_looks_like_a_proxys_word_is_none(port: int) -> None:
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        fields = {"X-Forwarded-For": "192.0.2.1", "X_Forwarded_For": "192.0.2.9"}
        connection.request("GET", "/", headers=fields)
        assert connection.getresponse().getheader("Asker") == "192.0.2.1"


def test_the_archive_cannot_be_written_to(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("PUT", "/archive/test/new", body=b"x")
    assert connection.getresponse().status in (404, 405, 501)
    connection.close()


def test_the_place_of_nothing_is_told_as_such(port: int) -> None:
    assert get(port, "/archive/nowhere/")[0] == 404


@pytest.mark.parametrize("encoding", ["plain", "chunked"])
def test_a_body_without_end_is_refused_and_others_are_served(port: int, encoding: str) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    parts = (b"x" * 65536 for _ in range(1024))
    headers = {} if encoding == "chunked" else {"Content-Length": str(1024 * 65536)}
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.request("POST", "/", parts, headers, encode_chunked=encoding == "chunked")
    with contextlib.suppress(ConnectionResetError):  # it may hang up before the answer is read
        assert connection.getresponse().status == 413
    connection.close()
    assert get(port, "/archive/test/hello.dsc")[0] == 200


@pytest.mark.parametrize(
    "path", ["/archive/", "/archive/nothing", "/archive/%2f", "/static/app/", "/static/app/nothing"]
)
def test_whatever_is_answered_a_browser_runs_nothing_of_it(port: int, path: str) -> None:
    fields = get(port, path)[2]
    assert fields["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert fields["x-content-type-options"] == "nosniff"
    assert fields["referrer-policy"] == "same-origin"
