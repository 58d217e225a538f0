"""The example for nginx, with a real one before a real server."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from mini_buildd.archive.history import append
from mini_buildd.archive.tree import Tree
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.tests.daemon.server import Answer, Server, serving
from mini_buildd.tests.instance import free_port
from mini_buildd.tests.nginx import running

_NAME = DistributionName.parse("trixie-test-unstable")
_RELEASE = f"dists/{_NAME}/InRelease"
_DEB = "pool/main/l/libx++/libx++_1:2.0~rc1+b1_all.deb"


@dataclass(frozen=True, slots=True)
class Doors:
    """The same archive by the daemon itself, by nginx, and by nginx while the daemon is down."""

    daemon: Server
    nginx: Server
    alone: Server


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    home = tmp_path_factory.mktemp("home")
    (home / "secret-key").write_text("SECRET")
    tree = Tree(home / "archive" / "test", home / "cache")
    for number in (1, 2):
        version = tree.version(_NAME, number)
        (version / "main" / "by-hash").mkdir(parents=True)
        (version / "main" / "by-hash" / "abc").write_text("index")
        (version / "InRelease").write_text(f"InRelease {number}")
        append(tree, _NAME, datetime(2025, 11, 20 + number, tzinfo=UTC), number)
    (tree.root / "dists").mkdir()
    tree.pointer(_NAME).symlink_to(f"../suites/{_NAME}/2")
    (tree.root / _DEB).parent.mkdir(parents=True)
    (tree.root / _DEB).write_bytes(b"deb" * 100_000)
    for name in ("x.html", "x.dsc", "x.xz", ".hidden"):
        (tree.root / "pool" / name).write_text("SECRET" if name[0] == "." else "<script>" * 200)
    named = tree.root / "snapshots" / "20251101T000000Z"
    (named / "dists").mkdir(parents=True)
    (named / "pool").symlink_to("../../pool")
    (named / "dists" / str(_NAME)).symlink_to(f"../../../suites/{_NAME}/1")
    before, alone = tmp_path_factory.mktemp("nginx"), tmp_path_factory.mktemp("alone")
    with (
        serving(home) as daemon,
        running(before, home=home, daemon_port=daemon.port) as (port, _),
        running(alone, home=home, daemon_port=free_port()) as (alone_port, _),
    ):
        yield Doors(daemon, replace(daemon, port=port), replace(daemon, port=alone_port))


def _essence(answer: Answer) -> tuple[int, bytes, dict[str, str]]:
    fields = ("content-type", "content-encoding", "cache-control", "x-content-type-options")
    return answer.status, answer.body, {name: answer.fields.get(name, "") for name in fields}


@pytest.mark.parametrize(
    "path",
    [
        _RELEASE,
        _DEB,
        "pool/main/l/libx%2b%2b/libx%2b%2b_1%3a2.0%7erc1%2bb1_all.deb",
        "pool/x.html",
        "pool/x.dsc",
        "pool/x.xz",
        f"dists/{_NAME}/main/by-hash/abc",
        f"snapshots/20251101T000000Z/{_RELEASE}",
        f"snapshots/20251101T000000Z/{_DEB}",
    ],
)
def test_nginx_answers_as_the_daemon_does_also_when_that_is_down(doors: Doors, path: str) -> None:
    by_daemon = doors.daemon.ask(f"/archive/test/{path}")
    assert by_daemon.status == 200
    for door in (doors.nginx, doors.alone):
        answer = door.ask(f"/archive/test/{path}", Accept_Encoding="gzip")
        assert _essence(answer) == _essence(by_daemon)
        known = answer.fields["last-modified"]
        assert door.ask(f"/archive/test/{path}", If_Modified_Since=known).status == 304
        part = door.ask(f"/archive/test/{path}", Range="bytes=3-", If_Range=known)
        assert (part.status, part.body) == (206, by_daemon.body[3:])


@pytest.mark.parametrize("path", [f"snapshots/20251121T120000Z/{_RELEASE}", "snapshots/x/pool/x"])
def test_times_are_looked_up_by_the_daemon(doors: Doors, path: str) -> None:
    by_daemon = doors.daemon.ask(f"/archive/test/{path}")
    assert _essence(doors.nginx.ask(f"/archive/test/{path}")) == _essence(by_daemon)
    assert doors.alone.ask(f"/archive/test/{path}").status == 502


def test_everything_else_is_the_daemons(doors: Doors) -> None:
    assert doors.nginx.ask("/uploads/").body == b"|/uploads/"
    assert doors.alone.ask("/uploads/").status == 502


@pytest.mark.parametrize(
    "path",
    [
        "/archive/test/pool/.hidden",
        "/archive/test/pool/%2ehidden",
        "/archive/../secret-key",
        "/archive/test/../../secret-key",
        "/archive/%2e%2e/secret-key",
        "/archive/test%2f..%2f..%2fsecret-key",
        "/archive../secret-key",
        "/archive//../secret-key",
        "/secret-key",
    ],
)
def test_nothing_hidden_and_nothing_else_of_the_instance_is_served(doors: Doors, path: str) -> None:
    for door in (doors.nginx, doors.alone):
        assert b"SECRET" not in door.ask(path).body


def test_folders_are_shown_and_nothing_is_written(doors: Doors) -> None:
    listing = doors.alone.ask("/archive/test/pool/")
    assert b"x.dsc" in listing.body
    assert b"hidden" not in listing.body
    assert listing.fields["cache-control"] == "no-cache"
    assert doors.alone.ask("/archive/test/pool").status == 301
    assert doors.alone.ask("/archive/test/pool/x.dsc", method="PUT").status == 405
