"""Clients of the stream of events, and the daemon that tells."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from mini_buildd.tests.instance import Instance, wait_for

STREAM = "/api/v1/events/stream"
_DEADLINE_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Teller:
    """A daemon whose events are made by hand; see serve_events."""

    instance: Instance
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        """Where it serves."""
        return self.instance.http_port

    def happen(self, count: int = 1, *names: str, together: bool = False) -> int:
        """Let so many events happen, in one transaction if *together*; the number of the last."""
        if self.process.stdin is None or self.process.stdout is None:
            raise AssertionError("it cannot be told anything")
        print(f"{count}{'!' * together}", *names, file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())

    def memory_bytes(self) -> int:
        """The most memory that it has had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@contextmanager
def telling(instance: Instance) -> Iterator[Teller]:
    """The daemon of *instance*, until the end."""
    program = [sys.executable, "-m", "mini_buildd.tests.daemon.serve_events", str(instance.home)]
    pipe = subprocess.PIPE
    with (
        instance.daemon_log.open("ab") as log,
        subprocess.Popen(program, stdin=pipe, stdout=pipe, stderr=log, text=True) as process,
    ):
        try:
            wait_for("it serves", lambda: _serves(instance, process), seconds=180)
            yield Teller(instance, process)
        finally:
            process.terminate()
            process.wait(30)


def _serves(instance: Instance, process: subprocess.Popen[str]) -> bool:
    if process.poll() is not None:
        raise AssertionError(instance.daemon_log.read_text()[-2000:])
    try:
        return instance.get("/api/v1/status")[0] == 200
    except OSError:
        return False


class Listening:
    """A client of the stream, as slow as its caller."""

    def __init__(self, connection: HTTPConnection, answer: HTTPResponse) -> None:
        self.answer = answer
        self.last = ""  # the last id, as a browser keeps it
        self._connection = connection

    def messages(self) -> Iterator[dict[str, Any]]:
        """What is told, to the end of the stream; ends without data are seen in *last* only."""
        number, data, end = "", "", time.monotonic() + _DEADLINE_SECONDS
        while line := self._line():
            if time.monotonic() > end:
                raise AssertionError(f"what was waited for does not come; the last is {self.last}")
            name, _, value = line.rstrip("\n").partition(": ")
            if name == "id":
                number = value
            elif name == "data":
                data = value
            elif not line.strip():
                # Only what is whole counts, as in browsers.
                self.last = number or self.last
                if data:
                    yield json.loads(data)
                number = data = ""

    def _line(self) -> str:
        try:
            return self.answer.readline().decode()
        except ConnectionResetError:  # who takes nothing for long is cut off
            return ""

    def take(self, count: int) -> list[dict[str, Any]]:
        """The next ones; fewer when the stream ends."""
        found = []
        for message in self.messages():
            found.append(message)
            if len(found) == count:
                break
        return found

    @property
    def descriptor(self) -> int:
        """Of the connection."""
        if self._connection.sock is None:
            raise AssertionError("there is no connection")
        return self._connection.sock.fileno()

    def cut(self) -> None:
        """Go without a word."""
        if self._connection.sock is not None:
            self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._connection.close()


@contextmanager
def listening(
    port: int, query: str = "", *, last: str = "", token: str = "", receive_bytes: int = 0
) -> Iterator[Listening]:
    """A client that has come, and was answered."""
    headers = {"Last-Event-ID": last} if last else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    if receive_bytes:
        connection.sock = socket.socket()
        connection.sock.settimeout(30)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.sock.connect(("127.0.0.1", port))
    with closing(connection):
        connection.request("GET", STREAM + query, headers=headers)
        found = Listening(connection, connection.getresponse())
        yield found
        found.answer.close()
