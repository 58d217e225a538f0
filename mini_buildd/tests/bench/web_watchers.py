"""A part of ``./devel bench web``: a thousand watchers, and a hundred events for each of them.

    python -m mini_buildd.tests.bench.web_watchers [WATCHERS [EVENTS]]

A real daemon serves; one other process is all the watchers, so that neither counts for the other.
The clock runs from when the events begin to be recorded to when the last watcher has the last one.
"""

import json
import resource
import selectors
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from mini_buildd.tests.daemon.event_stream import STREAM, Teller, telling
from mini_buildd.tests.instance import Instance

_DEADLINE_SECONDS = 120.0
# So many come at a time: a queue of connections that wait to be accepted is short.
_AT_A_TIME = 50


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it; *together* when the events were recorded in one transaction."""

    watchers: int
    events: int
    together: bool
    seconds: float
    recorded_seconds: float
    """What recording alone took of these."""
    complete: int
    """So many watchers have got all of them, each once and in order."""
    memory_bytes: int
    """The most that the daemon has had."""
    cpu_seconds: float
    """Of the daemon."""


class _Watchers:
    """All of them, on one selector."""

    def __init__(self, port: int, count: int) -> None:
        self._selector = selectors.DefaultSelector()
        self.texts: list[bytearray] = []
        self.sockets: list[socket.socket] = []
        for begin in range(0, count, _AT_A_TIME):
            for number in range(begin, min(begin + _AT_A_TIME, count)):
                self._come(port, number)
            self.read_until(b"\nid: ", 1)
        for text in self.texts:
            text.clear()

    def _come(self, port: int, number: int) -> None:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(f"GET {STREAM} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        connection.setblocking(False)  # noqa: FBT003  # its signature
        self.sockets.append(connection)
        self.texts.append(bytearray())
        self._selector.register(connection, selectors.EVENT_READ, number)

    def read_until(self, mark: bytes, count: int) -> float:
        """Read until each has *mark* so often; when that was."""
        wanting = {n for n, text in enumerate(self.texts) if text.count(mark) < count}
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while wanting and time.monotonic() < deadline:
            for key, _ in self._selector.select(timeout=1):
                data = key.fileobj.recv(1 << 20)  # type: ignore[union-attr]  # they are sockets
                self.texts[key.data] += data
                if not data:
                    raise AssertionError(f"watcher {key.data} was cut off")
                if key.data in wanting and self.texts[key.data].count(mark) >= count:
                    wanting.discard(key.data)
        return time.monotonic()

    def close(self) -> None:
        """Go."""
        for connection in self.sockets:
            connection.close()
        self._selector.close()


@contextmanager
def _watching(port: int, count: int) -> Iterator[_Watchers]:
    watchers = _Watchers(port, count)
    try:
        yield watchers
    finally:
        watchers.close()


def _ids(text: bytes) -> list[int]:
    lines = text.split(b"\n")
    return [int(line[4:]) for line, after in pairwise(lines) if after[:5] == b"data:"]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ticks: float = int(fields[11]) + int(fields[12])
    return ticks / 100


def _measure(teller: Teller, watchers: _Watchers, events: int, *, together: bool) -> Told:
    for text in watchers.texts:
        text.clear()
    cpu, begin = _cpu_seconds(teller.process.pid), time.monotonic()
    last = teller.happen(events, together=together)
    recorded = time.monotonic()
    end = watchers.read_until(b"\ndata: ", events)
    expected = list(range(last - events + 1, last + 1))
    return Told(
        watchers=len(watchers.texts),
        events=events,
        together=together,
        seconds=end - begin,
        recorded_seconds=recorded - begin,
        complete=sum(_ids(bytes(text)) == expected for text in watchers.texts),
        memory_bytes=teller.memory_bytes(),
        cpu_seconds=_cpu_seconds(teller.process.pid) - cpu,
    )


def measure(folder: Path, watchers: int = 1000, events: int = 100) -> list[Told]:
    """Both ways of recording, with a daemon of its own in *folder*."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, watchers + 100)), hard))
    instance = Instance(folder)
    instance.configure()
    with telling(instance) as teller, _watching(teller.port, watchers) as all_of_them:
        return [
            _measure(teller, all_of_them, events, together=together) for together in (True, False)
        ]


def main(arguments: list[str]) -> None:
    """Measure, and print it as JSON."""
    with tempfile.TemporaryDirectory(prefix="mbd-") as folder:
        found = measure(Path(folder), *map(int, arguments))
    print(json.dumps([asdict(each) for each in found], indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
