"""Files arrive whole, whatever happens to the connection, and are not sent twice."""

import random
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from mini_buildd.client.connection import Connection, Refused
from mini_buildd.client.server import Server
from mini_buildd.client.tls import Unreachable
from mini_buildd.client.transfer import Transfers
from mini_buildd.tests.client.cutting import cutting
from mini_buildd.tests.incoming.http_server import HttpServer, serve_http

MB = 1 << 20


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HttpServer]:
    """The real server, in a process of its own."""
    with serve_http(tmp_path / "server") as made:
        yield made


def transfers(port: int, folder: Path) -> Transfers:
    """Ours, to the server at *port*."""
    connection = Connection(Server(f"http://127.0.0.1:{port}"))
    return Transfers(connection, folder / "notes.json", pause=_shortly)


def _shortly(seconds: float) -> None:
    """As the client waits, a twentieth of it."""
    time.sleep(seconds / 20)


def file_of(folder: Path, size: int, name: str = "big_1.orig.tar.xz") -> Path:
    """A file with bytes of chance."""
    path = folder / name
    path.write_bytes(random.Random(size).randbytes(size))  # noqa: S311  # nothing secret
    return path


@pytest.mark.parametrize("size", [0, 1, MB, MB + 1, 5 * MB])
def test_a_file_arrives_as_it_is(server: HttpServer, tmp_path: Path, size: int) -> None:
    path = file_of(tmp_path, size)
    told: list[int] = []
    transfers(server.port, tmp_path).send(path, told.append)
    assert server.files() == {path.name: [path.read_bytes()]}
    assert told[-1] == size
    assert told == sorted(told)


def test_what_is_cut_goes_on_where_it_was_cut(server: HttpServer, tmp_path: Path) -> None:
    path = file_of(tmp_path, 12 * MB)
    told: list[int] = []
    cuts = [3 * MB, 2 * MB, 4 * MB]
    with cutting(server.port, cuts) as port:
        transfers(port, tmp_path).send(path, told.append)
    assert cuts == []
    assert server.files() == {path.name: [path.read_bytes()]}
    begins = [here for before, here in pairwise(told) if here < before]
    assert all(begins), "never from the beginning"


def test_a_transfer_that_was_given_up_goes_on_with_the_next_call(
    server: HttpServer, tmp_path: Path
) -> None:
    path = file_of(tmp_path, 6 * MB)
    told: list[int] = []

    def give_up(seconds: float) -> None:
        del seconds
        raise KeyboardInterrupt

    with cutting(server.port, [4 * MB]) as port:
        first = Transfers(
            Connection(Server(f"http://127.0.0.1:{port}")), tmp_path / "notes.json", pause=give_up
        )
        with pytest.raises(KeyboardInterrupt):
            first.send(path, lambda _: None)
        transfers(port, tmp_path).send(path, told.append)
    assert told[0] > 0
    assert server.files() == {path.name: [path.read_bytes()]}
    assert (tmp_path / "notes.json").read_text(encoding="utf-8") == "{}"


def test_a_refusal_is_told_as_it_is(server: HttpServer, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        transfers(server.port, tmp_path).send(file_of(tmp_path, 10, "a b"), lambda _: None)
    assert refused.value.details.code == "file-name-refused"


def test_nobody_there_is_told(tmp_path: Path) -> None:
    with cutting(1, []) as port:
        pass
    with pytest.raises(Unreachable, match=str(port)):
        transfers(port, tmp_path).send(file_of(tmp_path, 10), lambda _: None)
