"""A real HTTP server of ours that takes uploads, as the tests see it."""

import contextlib
import json
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Any

from mini_buildd.tests.instance import wait_for


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; names of header fields in lower case."""

    status: int
    reason: str
    body: bytes
    fields: dict[str, str]

    @property
    def json(self) -> Any:
        """The body, read as such."""
        return json.loads(self.body)


@dataclass(slots=True)
class HttpServer:
    """The process that serves, and the spool that it fills."""

    home: Path
    port: int
    tls_port: int
    process: subprocess.Popen[str]
    told: "queue.Queue[dict[str, Any]]"
    errors: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def secure_url(self) -> str:
        """The same over TLS."""
        return f"https://127.0.0.1:{self.tls_port}"

    @property
    def certificate(self) -> Path:
        """What a client is to trust."""
        return self.home / "tls" / "certificate.pem"

    def ask(self, method: str, path: str, body: bytes | None = None, **fields: str) -> Answer:
        """One request on a connection of its own."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            names = {name.replace("_", "-"): value for name, value in fields.items()}
            connection.request(method, path, body, names)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, answer.reason, answer.read(), told)

    def connect(self) -> socket.socket:
        """A plain connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def files(self) -> dict[str, list[bytes]]:
        """What has arrived, by name."""
        return {
            folder.name: sorted(path.read_bytes() for path in folder.iterdir())
            for folder in (self.home / "spool" / "files").iterdir()
        }

    def parts(self) -> list[Path]:
        """What is being received, and cannot be gone on with."""
        return list((self.home / "spool" / "parts").iterdir())

    def wait_for_no_parts(self) -> None:
        """Until nothing is being received any more."""
        wait_for("no parts", lambda: not self.parts(), seconds=20, interval=0.01)

    def resumable(self) -> list[Path]:
        """What can be gone on with."""
        return sorted((self.home / "spool" / "resumable").iterdir())

    def open_files(self) -> list[str]:
        """What it holds open of what can be gone on with."""
        root = str(self.home / "spool" / "resumable")
        found = []
        for link in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found.append(str(link.readlink()))
        return [path for path in found if path.startswith(root)]

    def empty(self) -> None:
        """Forget what has arrived."""
        self.wait_for_no_parts()
        for path in [*(self.home / "spool" / "files").glob("*/*"), *self.resumable()]:
            path.unlink()
        for folder in (self.home / "spool" / "files").iterdir():
            folder.rmdir()
        while not self.told.empty():
            self.told.get()

    def next_changes(self) -> dict[str, bool]:
        """What it says the next time: token to whether more can follow."""
        found: dict[str, bool] = self.told.get(timeout=20)["changes"]
        return found

    def kill(self) -> None:
        """End it in the middle of what it does (SIGKILL)."""
        self.process.kill()
        self.process.wait(20)


@contextmanager
def serve_http(home: Path, **options: object) -> Iterator[HttpServer]:
    """Serve into *home*/spool; at the end, nothing unexpected may stand in the log."""
    script = Path(__file__).with_name("http_serve.py")
    with subprocess.Popen(
        [sys.executable, str(script), str(home), json.dumps(options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        told: queue.Queue[dict[str, Any]] = queue.Queue()
        errors: list[str] = []
        readers = [
            threading.Thread(target=_read, args=(process.stdout, _put_into(told))),
            threading.Thread(target=_read, args=(process.stderr, errors.append)),
        ]
        for reader in readers:
            reader.start()
        try:
            ports = told.get(timeout=10)
            yield HttpServer(home, ports["port"], ports["tls_port"], process, told, errors)
        finally:
            process.terminate()
            process.wait(20)
            for reader in readers:
                reader.join()
    if errors:
        raise AssertionError("".join(errors))


def _put_into(told: "queue.Queue[dict[str, Any]]") -> Any:
    return lambda line: told.put(json.loads(line))


def _read(stream: IO[str] | None, take: Any) -> None:
    for line in stream or ():
        take(line)
