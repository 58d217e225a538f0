"""A real FTP server of ours, as the tests see it."""

import ftplib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from mini_buildd.tests.instance import wait_for


@dataclass(slots=True)
class Server:
    """The process that serves, and the spool that it fills."""

    spool: Path
    port: int
    process: subprocess.Popen[str]
    told: "queue.Queue[dict[str, Any]]"
    errors: list[str] = field(default_factory=list)
    sftp_port: int = 0

    @property
    def certificate(self) -> Path:
        """What it shows over TLS."""
        return self.spool.parent / "tls" / "certificate.pem"

    def connect(self) -> ftplib.FTP:
        """A client that is logged in."""
        client = self.greet()
        client.login()
        return client

    def greet(self) -> ftplib.FTP:
        """A client that is not logged in yet."""
        client = ftplib.FTP(timeout=20)  # noqa: S321  # what we serve; trust is in the signatures
        try:
            client.connect("127.0.0.1", self.port)
        except ftplib.Error:
            client.close()
            raise
        return client

    def files(self) -> dict[str, list[bytes]]:
        """What has arrived, by name."""
        return {
            folder.name: sorted(path.read_bytes() for path in folder.iterdir())
            for folder in (self.spool / "files").iterdir()
        }

    def parts(self) -> list[Path]:
        """What is being received."""
        return list((self.spool / "parts").iterdir())

    def wait_for_no_parts(self) -> None:
        """Until nothing is being received any more."""
        wait_for("no parts", lambda: not self.parts(), seconds=20, interval=0.01)

    def next_changes(self) -> dict[str, bool]:
        """What it says the next time: token to whether more can follow."""
        found: dict[str, bool] = self.told.get(timeout=20)["changes"]
        return found


@contextmanager
def serve(spool: Path, **options: object) -> Iterator[Server]:
    """Serve into *spool*; at the end, nothing unexpected may stand in the log."""
    script = Path(__file__).with_name("serve.py")
    with subprocess.Popen(
        [sys.executable, str(script), str(spool), json.dumps(options)],
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
            ports = told.get(timeout=30)
            yield Server(spool, ports["port"], process, told, errors, ports.get("sftp", 0))
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
