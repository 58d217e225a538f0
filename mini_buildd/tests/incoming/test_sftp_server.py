"""The packets of SFTP themselves: out of order, incomplete, and not to be believed."""

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from twisted.conch.ssh.common import NS
from twisted.internet.task import Clock

from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.rates import Rates
from mini_buildd.incoming.sessions import Sessions
from mini_buildd.incoming.sftp import SftpChannel
from mini_buildd.incoming.sftp_files import DropBox
from mini_buildd.incoming.sftp_server import SftpServer
from mini_buildd.incoming.spool import Spool

_OPEN, _CLOSE, _WRITE, _FSTAT = 3, 4, 6, 8
_OK, _DENIED, _FAILURE = 0, 3, 4


class _AtOnce:
    """A pool and a reactor in one: what is to be done in a thread is done at once."""

    def callInThreadWithCallback(  # noqa: N802  # Twisted's name
        self, told: Callable[[bool, Any], None], work: Callable[..., Any], *arguments: Any
    ) -> None:
        told(True, work(*arguments))  # noqa: FBT003  # Twisted's form

    def callFromThread(self, work: Callable[..., None], *arguments: Any) -> None:  # noqa: N802  # the same
        work(*arguments)


def test_what_a_client_does_not_read_is_said_to_it_once(tmp_path: Path) -> None:
    client = Client(tmp_path)
    nothing: Any = None
    dock = Dock(Clock(), nothing, client.spool, Sessions(), Rates(Clock(), 0), lambda: None)
    channel = SftpChannel(dock, DropBox(dock, "peer"), 0, 1000)
    answers = [channel.requestReceived(b"exec", NS(b"ls")) for _ in range(100)]
    assert answers == [True, *[False] * 99]
    assert sum(len(data) for _, data in channel.extBuf) < 1000


@dataclass
class Client:
    """Sends packets, and keeps the answers by their number."""

    folder: Path
    answers: dict[int, bytes] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    is_hung_up: bool = False
    _number: int = 0

    def __post_init__(self) -> None:
        at_once: Any = _AtOnce()
        self.spool = Spool(self.folder / "spool", max_file_bytes=1 << 20, max_spool_bytes=1 << 22)
        dock = Dock(at_once, at_once, self.spool, Sessions(), Rates(Clock(), 0), lambda: None)
        self.server = SftpServer(DropBox(dock, "peer"), self._hear, self.said.append, self._hang_up)

    def _hear(self, data: bytes) -> None:
        while data:
            (length,) = struct.unpack("!L", data[:4])
            (number,) = struct.unpack("!L", data[5:9])
            self.answers[number] = data[4 : 4 + length]
            data = data[4 + length :]

    def _hang_up(self) -> None:
        self.is_hung_up = True

    def packet(self, kind: int, *fields: bytes | int) -> bytes:
        self._number += 1
        body = struct.pack("!BL", kind, self._number) + b"".join(
            struct.pack("!L", len(each)) + each
            if isinstance(each, bytes)
            else struct.pack("!Q" if kind == _WRITE else "!L", each)
            for each in fields
        )
        return struct.pack("!L", len(body)) + body

    def ask(self, kind: int, *fields: bytes | int) -> bytes:
        self.server.receive(self.packet(kind, *fields))
        return self.answers[self._number]

    def status(self, kind: int, *fields: bytes | int) -> int:
        answer = self.ask(kind, *fields)
        assert answer[0] == 101
        return int.from_bytes(answer[5:9], "big")

    def open(self, name: str) -> bytes:
        answer = self.ask(_OPEN, name.encode(), 0x1A, 0)
        assert answer[0] == 102, answer
        return answer[9:]

    def files(self) -> dict[str, list[bytes]]:
        return {
            folder.name: sorted(path.read_bytes() for path in folder.iterdir())
            for folder in (self.folder / "spool" / "files").iterdir()
        }

    def parts(self) -> list[Path]:
        return list((self.folder / "spool" / "parts").iterdir())


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path)


def test_writes_that_come_in_any_order_make_the_file(client: Client) -> None:
    handle = client.open("a.dsc")
    for offset, data in ((4, b"ef"), (2, b"cd"), (6, b"g"), (0, b"ab")):
        assert client.status(_WRITE, handle, offset, data) == _OK
    assert client.status(_CLOSE, handle) == _OK
    assert client.files() == {"a.dsc": [b"abcdefg"]}


def test_a_file_with_a_hole_does_not_arrive(client: Client) -> None:
    handle = client.open("a.dsc")
    client.status(_WRITE, handle, 0, b"ab")
    client.status(_WRITE, handle, 3, b"d")
    assert client.status(_CLOSE, handle) == _FAILURE
    assert client.files() == {}
    assert client.parts() == []
    assert client.said == ["mini-buildd: a part of the file is missing"]


def test_what_is_written_stays(client: Client) -> None:
    handle = client.open("a.dsc")
    client.status(_WRITE, handle, 0, b"abc")
    assert client.status(_WRITE, handle, 1, b"x") == _DENIED
    client.status(_WRITE, handle, 5, b"f")
    assert client.status(_WRITE, handle, 5, b"g") == _DENIED
    assert client.status(_WRITE, handle, 3, b"de") == _OK
    assert client.status(_CLOSE, handle) == _OK
    assert client.files() == {"a.dsc": [b"abcdef"]}


def test_not_everything_can_come_early(client: Client) -> None:
    handle = client.open("a.dsc")
    told = [
        client.status(_WRITE, handle, 1 + number * 200_000, b"x" * 200_000) for number in range(30)
    ]
    assert set(told) == {_OK, _FAILURE}
    assert client.status(_CLOSE, handle) == _FAILURE
    assert client.parts() == []


def test_not_everything_can_come_early_in_small_pieces_either(client: Client) -> None:
    handle = client.open("hello.dsc")
    told = [client.status(_WRITE, handle, 2 * number, b"x") for number in range(1, 600)]
    assert told.count(_OK) == 512
    assert client.parts() == []


def test_several_files_at_once_are_kept_apart(client: Client) -> None:
    handles = [client.open(f"{number}.dsc") for number in range(20)]
    for offset in range(3):
        for number, handle in enumerate(handles):
            client.status(_WRITE, handle, offset, str(number % 10).encode())
    for handle in handles:
        assert client.status(_CLOSE, handle) == _OK
    assert client.files() == {
        f"{number}.dsc": [str(number % 10).encode() * 3] for number in range(20)
    }


def test_no_more_files_are_open_than_there_may(client: Client) -> None:
    for number in range(100):
        client.open(f"{number}.dsc")
    assert client.status(_OPEN, b"more.dsc", 0x1A, 0) == _FAILURE
    client.server.end()
    assert client.parts() == []


def test_a_handle_that_was_closed_or_never_open_is_refused(client: Client) -> None:
    handle = client.open("a.dsc")
    client.status(_CLOSE, handle)
    for bad in (handle, b"", b"x" * 1000):
        assert client.status(_WRITE, bad, 0, b"x") == _FAILURE
        assert client.status(_CLOSE, bad) == _FAILURE
        assert client.status(_FSTAT, bad) == _FAILURE


def test_packets_may_come_in_pieces_of_any_size(client: Client) -> None:
    handle = client.open("a.dsc")
    content = bytes(range(256)) * 10
    stream = b"".join(
        client.packet(_WRITE, handle, at, content[at : at + 100])
        for at in range(0, len(content), 100)
    )
    for at in range(0, len(stream), 7):
        client.server.receive(stream[at : at + 7])
    assert client.status(_CLOSE, handle) == _OK
    assert client.files() == {"a.dsc": [content]}


@pytest.mark.parametrize("length", [0, 256 * 1024 + 1, 1 << 31])
def test_a_packet_of_no_possible_length_ends_the_session(client: Client, length: int) -> None:
    client.open("a.dsc")
    client.server.receive(struct.pack("!LB", length, _OPEN) + b"x" * 100)
    assert client.is_hung_up
    assert client.parts() == []


_NUMBERS = st.integers(0, (1 << 32) - 1)
_FIELDS = st.one_of(
    _NUMBERS.map(lambda number: struct.pack("!L", number)),
    st.binary(max_size=40).map(lambda text: struct.pack("!L", len(text)) + text),
    st.sampled_from([b"a.dsc", b"../../x", b"\0\0\0\1", b""]).map(
        lambda text: struct.pack("!L", len(text)) + text
    ),
    st.binary(max_size=12),
)
_PACKETS = st.tuples(
    st.one_of(st.integers(1, 20), st.sampled_from([200, 0, 255])),
    st.lists(_FIELDS, max_size=5).map(b"".join),
).map(lambda parts: struct.pack("!LB", len(parts[1]) + 1, parts[0]) + parts[1])


@given(st.lists(st.one_of(_PACKETS, st.binary(max_size=50)), max_size=12))
@hypothesis_settings(deadline=None, max_examples=150)
def test_whatever_is_sent_nothing_breaks_and_nothing_is_outside_the_spool(
    tmp_path_factory: pytest.TempPathFactory, stream: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    client = Client(folder)
    began_at = time.process_time()
    for data in stream:
        client.server.receive(data)
    client.server.end()
    assert time.process_time() - began_at < 5
    assert client.parts() == []
    assert {path.relative_to(folder).parts[0] for path in folder.rglob("*")} == {"spool"}
