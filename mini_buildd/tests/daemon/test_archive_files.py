"""Files of the archive over HTTP, as apt and curl ask for them."""

import gzip
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.tests.daemon.server import Server, serving

_DATA = bytes(range(256)) * 4
_DEB = "pool/main/l/libx++/libx++_1%3a2.0~rc1+b1_all.deb"
_FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of a small archive."""
    home = tmp_path_factory.mktemp("home")
    (home / "secret").write_text("SECRET")
    root = home / "archive" / "test"
    version = root / "suites" / "s" / "1"
    (version / "main" / "by-hash").mkdir(parents=True)
    (version / "main" / "by-hash" / "abc").write_text("index")
    (version / "InRelease").write_text("InRelease")
    (version / "Packages.gz").write_bytes(gzip.compress(b"Package: x\n"))
    (root / "suites" / ".new").write_text("SECRET")
    (root / "dists").mkdir()
    (root / "dists" / "s").symlink_to("../suites/s/1")
    for name in (_DEB.replace("%3a", ":"), "pool/empty", "pool/<b>&\"'#?% %41", "pool/umläut"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if "empty" in name else _DATA)
    (root / "pool" / "big").write_bytes(_DATA * 1000)
    (root / "out").symlink_to("../../secret")
    (root / "out-folder").symlink_to("../..")
    (root / "out-absolute").symlink_to(home / "secret")
    (root / "beside").symlink_to("../../archive-of-others")
    (home / "archive-of-others").write_text("SECRET")
    (root / "hidden").symlink_to("suites/.new")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as local:
        local.bind(os.path.relpath(root / "socket"))
    (root / "closed").write_text("SECRET")
    (root / "closed").chmod(0)
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (1_700_000_000, 1_700_000_000))
    with serving(home) as started:
        yield started


def test_a_file_comes_whole_with_what_tells_its_state(server: Server) -> None:
    answer = server.ask(f"/archive/test/{_DEB}")
    assert (answer.status, answer.body) == (200, _DATA)
    assert answer.fields["last-modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert answer.fields["etag"].startswith('"')
    assert answer.fields["accept-ranges"] == "bytes"
    assert answer.fields["content-length"] == str(len(_DATA))


@pytest.mark.parametrize(
    "name",
    [
        "pool/main/l/libx++/libx++_1%3a2.0~rc1+b1_all.deb",
        "pool/main/l/libx++/libx++_1:2.0~rc1+b1_all.deb",
        "pool/main/l/libx%2b%2b/libx%2B%2B_1%3A2.0%7Erc1%2bb1_all.deb",
        "pool/%3Cb%3E&%22'%23%3F%25%20%2541",
        "pool/uml%c3%a4ut",
        f"{_DEB}?x=1",
    ],
)
def test_names_are_found_however_they_are_encoded(server: Server, name: str) -> None:
    answer = server.ask(f"/archive/test/{name}")
    assert (answer.status, answer.body) == (200, _DATA)


@pytest.mark.parametrize(
    "name",
    [
        "out",
        "out-folder/secret",
        "out-folder/",
        "out-absolute",
        "beside",
        "hidden",
        "loop",
        "pipe",
        "socket",
        "closed",
        "pool/empty/",
        "pool/" + "x" * 300,
        "/".join(["pool"] * 2000),
        "pool//big",
        "pool/%00big",
        "pool/%2e%2e/out",
        "pool%2fbig",
        "nothing",
        "snapshots/" + "x" * 300 + "/dists/s/",
        "x" * 300 + "/snapshots/20261120T150000Z/dists/trixie-test-unstable/InRelease",
    ],
)
def test_nothing_outside_and_nothing_odd_is_served(server: Server, name: str) -> None:
    for method in ("GET", "HEAD"):
        answer = server.ask(f"/archive/test/{name}", method=method)
        assert answer.status == 404
        assert b"SECRET" not in answer.body
    assert server.open_files() == []


@pytest.mark.parametrize("name", [_DEB, "pool/big", "pool/empty", "nothing", "pool/"])
def test_head_is_get_without_the_body(server: Server, name: str) -> None:
    head = server.ask(f"/archive/test/{name}", method="HEAD")
    get = server.ask(f"/archive/test/{name}")
    assert (head.status, head.body) == (get.status, b"")
    head.fields.pop("date")
    get.fields.pop("date")
    assert head.fields == get.fields


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_the_archive_is_only_read(server: Server, method: str) -> None:
    answer = server.ask(f"/archive/test/{_DEB}", method=method)
    assert answer.status == 405
    assert answer.fields["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("name", "caching"),
    [
        (_DEB, _FOR_EVER),
        ("dists/s/main/by-hash/abc", _FOR_EVER),
        ("suites/s/1/main/by-hash/abc", _FOR_EVER),
        ("dists/s/InRelease", "no-cache"),
        ("dists/s/Packages.gz", "no-cache"),
        ("pool/", "no-cache"),
    ],
)
def test_what_never_changes_may_be_kept_and_all_else_is_asked_for_again(
    server: Server, name: str, caching: str
) -> None:
    assert server.ask(f"/archive/test/{name}").fields["cache-control"] == caching


@pytest.mark.parametrize("name", [_DEB, "pool/big"])
def test_who_has_it_already_gets_no_second_copy(server: Server, name: str) -> None:
    path = f"/archive/test/{name}"
    known = server.ask(path).fields
    for fields in (
        {"If_None_Match": known["etag"]},
        {"If_Modified_Since": known["last-modified"]},
        {"If_None_Match": known["etag"], "If_Modified_Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"If_None_Match": known["etag"], "Range": "bytes=0-1"},
    ):
        answer = server.ask(path, **fields)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.fields["etag"] == known["etag"]
        assert answer.fields["cache-control"] == known["cache-control"]


def test_who_has_another_state_gets_this_one(server: Server) -> None:
    known = server.ask("/archive/test/dists/s/InRelease").fields
    for fields in (
        {"If_None_Match": '"x"', "If_Modified_Since": known["last-modified"]},
        {"If_Modified_Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"If_Modified_Since": "Mon, 01 Jan 2035 00:00:00 GMT"},
        {"If_Modified_Since": "yesterday"},
    ):
        assert server.ask("/archive/test/dists/s/InRelease", **fields).status == 200


def test_two_publications_in_a_second_are_two_states(server: Server) -> None:
    path = server.home / "archive" / "test" / "InRelease"
    path.write_text("one")
    first = server.ask("/archive/test/InRelease")
    path.with_name("new").write_text("two")
    path.with_name("new").rename(path)
    for fields in (
        {"If_Modified_Since": first.fields["last-modified"]},
        {"If_None_Match": first.fields["etag"]},
    ):
        assert server.ask("/archive/test/InRelease", **fields).body == b"two"


@pytest.mark.parametrize("name", [_DEB, "pool/big"])
def test_an_interrupted_download_goes_on_only_if_it_is_still_the_same_file(
    server: Server, name: str
) -> None:
    path = f"/archive/test/{name}"
    whole = server.ask(path)
    for same in (whole.fields["etag"], whole.fields["last-modified"]):
        answer = server.ask(path, Range="bytes=1000-", If_Range=same)
        assert (answer.status, answer.body) == (206, whole.body[1000:])
        size = len(whole.body)
        assert answer.fields["content-range"] == f"bytes 1000-{size - 1}/{size}"
    for other in ('"x"', f"W/{whole.fields['etag']}", "Mon, 01 Jan 2035 00:00:00 GMT"):
        answer = server.ask(path, Range="bytes=1000-", If_Range=other)
        assert (answer.status, answer.body) == (200, whole.body)


def test_what_lies_behind_the_end_is_told_with_the_size(server: Server) -> None:
    answer = server.ask(f"/archive/test/{_DEB}", Range=f"bytes={len(_DATA)}-")
    assert answer.status == 416
    assert answer.fields["content-range"] == f"bytes */{len(_DATA)}"


def test_several_ranges_are_answered_with_the_whole(server: Server) -> None:
    answer = server.ask(f"/archive/test/{_DEB}", Range="bytes=0-1,4-5")
    assert (answer.status, answer.body) == (200, _DATA)


def test_a_folder_is_asked_for_with_a_slash(server: Server) -> None:
    for path in ("/archive", "/archive/test", "/archive/test/dists/s", "/archive/test/pool"):
        answer = server.ask(path)
        assert answer.status == 301
        assert answer.fields["location"] == f"{path}/"
        assert server.ask(f"{path}/").status == 200


def test_curl_finds_everything_from_the_listing_of_a_folder(server: Server) -> None:
    listing = server.ask("/archive/test/pool/")
    assert listing.fields["content-type"] == "text/html; charset=utf-8"
    assert b"<b>" not in listing.body
    links = [part.split(b'"')[0] for part in listing.body.split(b'href="./')[1:]]
    assert len(links) == 5
    for link in links:
        url = f"http://127.0.0.1:{server.port}/archive/test/pool/{link.decode()}"
        code = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url.replace("&amp;", "&")]
        assert subprocess.run(code, check=True, stdout=subprocess.PIPE).stdout == b"200"


def test_curl_resumes_and_compares_as_apt_does(server: Server, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{server.port}/archive/test/pool/big"
    target = tmp_path / "big"
    target.write_bytes((_DATA * 1000)[:300_000])
    subprocess.run(["curl", "-sS", "-C", "-", "-R", "-o", target, url], check=True)
    assert target.read_bytes() == _DATA * 1000
    again = ["curl", "-sS", "-z", str(target), "-o", "/dev/null", "-w", "%{http_code}", url]
    assert subprocess.run(again, check=True, stdout=subprocess.PIPE).stdout == b"304"
