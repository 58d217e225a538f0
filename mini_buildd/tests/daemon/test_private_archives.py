"""Private archives: for whom they are, and for nobody else, not even that they are there."""

import base64
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from mini_buildd.deb.names import Architecture
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.tests.archive.apt import Apt
from mini_buildd.tests.archive.repository import Repository
from mini_buildd.tests.daemon.server import Answer, Server, serving
from mini_buildd.tests.nginx import running
from mini_buildd.tests.scenario import host_architecture

FILE = "/archive/secret/dists/x/InRelease"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a public archive and a private one."""
    home = tmp_path_factory.mktemp("home")
    for name in ("public", "secret"):
        folder = home / "archive" / name
        (folder / "dists" / "x").mkdir(parents=True)
        (folder / "pool" / "main").mkdir(parents=True)
        (folder / "dists" / "x" / "InRelease").write_text(f"{name} text")
        (folder / "pool" / "main" / "a.deb").write_text(f"{name} package")
    (home / "archive" / "public" / "way").symlink_to("../secret")
    patched = pytest.MonkeyPatch()
    patched.setitem(os.environ, "MINI_BUILDD_TESTS_PRIVATE", "secret")
    with serving(home) as started:
        yield started
    patched.undo()


def ask(server: Server, path: str, who: str = "", secret: str = "", method: str = "GET") -> Answer:
    """Ask as *who*."""
    if not who and not secret:
        return server.ask(path, method=method)
    word = base64.b64encode(f"{who}:{secret or f'{who}-may'}".encode()).decode()
    return server.ask(path, method=method, Authorization=f"Basic {word}")


def test_who_may_reads_it_and_no_cache_on_the_way_keeps_it_for_others(server: Server) -> None:
    answer = ask(server, FILE, "ada")
    assert (answer.status, answer.body) == (200, b"secret text")
    assert answer.fields["cache-control"] == "private, no-cache"
    assert answer.fields["vary"] == "Authorization"
    pool = ask(server, "/archive/secret/pool/main/a.deb", "ada")
    assert pool.fields["cache-control"] == "private, max-age=31536000, immutable"
    assert ask(server, FILE, "ada", method="HEAD").fields["content-length"] == "11"
    assert ask(server, "/archive/secret/", "ada").status == 200


def test_nginx_hands_them_over_and_adds_no_leave_to_keep_them(
    server: Server, tmp_path: Path
) -> None:
    with running(tmp_path, home=server.home, daemon_port=server.port, private="secret") as (at, _):
        nginx = replace(server, port=at)
        for path in (FILE, "/archive/secret/pool/main/a.deb"):
            assert ask(nginx, path).status == 401
            assert ask(nginx, path, "bob").status == 404
            answer, by_daemon = ask(nginx, path, "ada"), ask(server, path, "ada")
            assert (answer.status, answer.body) == (200, by_daemon.body)
            names = ("cache-control", "vary", "x-content-type-options", "content-security-policy")
            for name in names:
                assert answer.all_of(name) == by_daemon.all_of(name)
                assert len(answer.all_of(name)) == 1


@pytest.mark.parametrize(
    "path",
    [
        FILE,
        "/archive/secret",
        "/archive/secret/",
        "/archive/%73ecret/dists/x/InRelease",
        "/archive/secret/nothing",
        "/archive/there-is-no-such-archive/",
    ],
)
def test_who_says_nothing_is_asked_whether_it_is_there_or_not(server: Server, path: str) -> None:
    answer = ask(server, path)
    assert answer.status == 401
    assert answer.fields["www-authenticate"].startswith("Basic realm=")
    assert b"secret" not in answer.body.replace(b"/secret", b"")


def test_who_may_not_is_told_what_of_one_that_is_not_there(server: Server) -> None:
    missing = ask(server, "/archive/there-is-no-such-archive/x", "bob")
    for path in (FILE, "/archive/secret/", "/archive/secret/nothing"):
        answer = ask(server, path, "bob")
        assert (answer.status, answer.body) == (404, missing.body)


def test_a_wrong_secret_is_asked_for_again_and_who_guesses_waits(server: Server) -> None:
    assert ask(server, FILE, "ada", "a guess").status == 401
    for field in ("Basic ???", "Basic", "Digest x", "Basic " + "A" * 3000):
        assert server.ask(FILE, Authorization=field).status == 401, field
    answer = ask(server, FILE, "mallory")
    assert (answer.status, answer.fields["retry-after"]) == (429, "7")


def test_public_archives_need_nobody_and_name_no_private_one(server: Server) -> None:
    assert ask(server, "/archive/public/dists/x/InRelease").body == b"public text"
    for who in ("", "ada", "bob"):
        listed = ask(server, "/archive/", who)
        assert b"public" in listed.body
        assert b"secret" not in listed.body
    assert ask(server, "/archive/public/dists/x/InRelease", "eve", "x").status == 200


def test_no_link_of_a_public_archive_leads_into_a_private_one(server: Server) -> None:
    for path in ("way/dists/x/InRelease", "way/", "snapshots/../../secret/dists/x/InRelease"):
        for who in ("", "bob"):
            assert ask(server, f"/archive/public/{path}", who).status == 404


def test_many_at_once_are_each_answered(server: Server) -> None:
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda _: ask(server, FILE, "ada"), range(40)))
    assert {answer.body for answer in answers} == {b"secret text"}


def test_who_leaves_before_the_answer_is_no_trouble(server: Server) -> None:
    word = base64.b64encode(b"ada:nothing").decode()
    for _ in range(5):
        connection = server.connect()
        connection.sendall(
            f"GET {FILE} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {word}\r\n\r\n".encode()
        )
        connection.close()
    assert ask(server, FILE, "ada").status == 200
    assert server.open_files() == []


# --- apt --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def private_suite(
    tmp_path_factory: pytest.TempPathFactory, keys: ArchiveKeys
) -> Iterator[tuple[Repository, str]]:
    """A private suite with a package, and where it is served."""
    home = tmp_path_factory.mktemp("home")
    made = Repository(home / "archive", keys, Architecture(host_architecture()))
    made.add("tiny", "1.0")
    made.publish(1)
    patched = pytest.MonkeyPatch()
    patched.setitem(os.environ, "MINI_BUILDD_TESTS_PRIVATE", "archive")
    with serving(home) as started:
        yield made, f"http://127.0.0.1:{started.port}/archive/archive"
    patched.undo()


def apt_of(folder: Path, suite: tuple[Repository, str], conf: str = "") -> Apt:
    """An apt that knows the suite, with *conf* in its auth.conf.d."""
    repository, url = suite
    snippet = (repository.tree.root / f"{repository.name}.sources").read_text()
    apt = Apt(folder, re.sub(r"(?m)^URIs: .*$", f"URIs: {url}", snippet).encode())
    apt.prepare()
    (folder / "etc" / "auth.conf.d").mkdir()
    (folder / "etc" / "auth.conf.d" / "here.conf").write_text(conf)
    return apt


def test_apt_installs_from_it_with_what_stands_in_its_auth_conf(
    private_suite: tuple[Repository, str], tmp_path: Path
) -> None:
    url = private_suite[1]
    apt = apt_of(tmp_path, private_suite, f"machine {url} login ada password ada-may\n")
    apt.run("apt-get", "update")
    apt.run("apt-get", "download", "tiny")
    assert [path.name for path in tmp_path.glob("*.deb")]


@pytest.mark.parametrize(
    ("conf", "said"),
    [
        ("", "401"),
        ("machine {url} login ada password revoked", "401"),
        ("machine {url} login bob password bob-may", "404"),
    ],
)
def test_apt_is_told_why_it_gets_nothing(
    private_suite: tuple[Repository, str], tmp_path: Path, conf: str, said: str
) -> None:
    apt = apt_of(tmp_path, private_suite, conf.format(url=private_suite[1]) + "\n")
    with pytest.raises(AssertionError, match=said):
        apt.run("apt-get", "update")
