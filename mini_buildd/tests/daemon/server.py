"""The HTTP server in a process of its own, as clients and the kernel see it."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; names of header fields in lower case, of each in *fields* the last one."""

    status: int
    body: bytes
    fields: dict[str, str]
    every_field: tuple[tuple[str, str], ...] = ()

    def all_of(self, name: str) -> list[str]:
        """All that were given by that *name*."""
        return [value for each, value in self.every_field if each.lower() == name]


@dataclass(frozen=True, slots=True)
class Server:
    """A server of the archive in *home*."""

    home: Path
    port: int
    tls_port: int
    pid: int

    def ask(self, path: str, *, method: str = "GET", **fields: str) -> Answer:
        """Ask for just this *path*: a client that does not tidy it up."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            names = {name.replace("_", "-"): value for name, value in fields.items()}
            connection.request(method, path, headers=names)
            answer = connection.getresponse()
            body = answer.read()
            given = tuple(answer.getheaders())
            latest = {name.lower(): value for name, value in given}
            return Answer(answer.status, body, latest, given)

    def connect(self, *, receive_bytes: int | None = None) -> socket.socket:
        """A plain connection, with a small buffer for what is received when asked for."""
        connection = socket.socket()
        connection.settimeout(20)
        if receive_bytes is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.connect(("127.0.0.1", self.port))
        return connection

    def open_files(self) -> list[str]:
        """What it holds open of the archive."""
        root = str(self.home / "archive")
        found = []
        for link in Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found.append(str(link.readlink()))
        return [path for path in found if path.startswith(root)]

    def memory_bytes(self) -> int:
        """The most memory that it has had (proc(5))."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def reactor_seconds(self) -> float:
        """What its main thread has used of a processor until now."""
        text = Path(f"/proc/{self.pid}/schedstat").read_text(encoding="ascii")
        return int(text.split()[0]) / 1e9


@contextmanager
def serving(home: Path, *options: str) -> Iterator[Server]:
    """Serve *home*/archive until the end."""
    (home / "static").mkdir(exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-m", "mini_buildd.tests.daemon.serve", str(home), *options],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            ports = process.stdout.readline().split() if process.stdout else []
            yield Server(home, int(ports[0]), int(ports[1]), process.pid)
        finally:
            process.terminate()
