"""A real instance of mini-buildd in a folder of its own: set up, started, killed, looked at.

The tests, the demo, the benches and the campaigns all use this one.
"""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

from mini_buildd.tests.tables import lay_tables

_START_SECONDS = 90
_STOP_SECONDS = 30

Found = TypeVar("Found")


class Unfulfilled(AssertionError):
    """A condition did not come true in time."""


def wait_for(
    what: str, look: Callable[[], Found | None], *, seconds: float, interval: float = 0.05
) -> Found:
    """Look until there is something; raises Unfulfilled when there is nothing after *seconds*."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Unfulfilled(f"{what}: not after {seconds} s")
        time.sleep(interval)


def free_port() -> int:
    """A TCP port of the loopback interface that nobody uses now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class Instance:
    """The instance in *home*; *extra* is more text for its settings file."""

    home: Path
    http_port: int = field(default_factory=free_port)
    ftp_port: int = field(default_factory=free_port)
    sftp_port: int = 0
    slots: int = 2
    backend: str = "unshare"
    extra: str = ""
    _daemon: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def daemon_log(self) -> Path:
        """What the daemon said."""
        return self.home / "daemon.log"

    # --- set-up and life -------------------------------------------------------

    def configure(self) -> None:
        """Write its settings file."""
        self.home.mkdir(parents=True, exist_ok=True)
        lay_tables(self.home)
        (self.home / "mini-buildd.toml").write_text(
            f"[http]\nport = {self.http_port}\n"
            f"[ftp]\nport = {self.ftp_port}\n"
            f"[sftp]\nport = {self.sftp_port}\n"
            f'[builder]\nslots = {self.slots}\nbackend = "{self.backend}"\nhost = "here"\n'
            + self.extra,
            encoding="utf-8",
        )

    def command(self, *arguments: str) -> list[str]:
        """The command line ``mini-buildd --home … ARGUMENTS``."""
        return [sys.executable, "-m", "mini_buildd.cli", "--home", str(self.home), *arguments]

    def call(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one command of the administrator's command line."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise AssertionError(f"mini-buildd {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
        return done

    def start(self) -> Self:
        """Start the daemon and wait until it serves."""
        with self.daemon_log.open("ab") as log:
            self._daemon = subprocess.Popen(
                self.command("run"), stdout=log, stderr=log, start_new_session=True
            )
        wait_for("the daemon serves", self._is_serving, seconds=_START_SECONDS)
        return self

    def _is_serving(self) -> bool:
        if self._daemon is None or self._daemon.poll() is not None:
            said = self.daemon_log.read_text(encoding="utf-8")[-2000:]
            raise AssertionError(f"the daemon ended at its start:\n{said}")
        try:
            return self.get("/")[0] == 200
        except OSError:  # nobody listens yet, or somebody else does
            return False

    def stop(self) -> int:
        """Ask the daemon to stop; returns its exit status."""
        if self._daemon is None:
            return 0
        self._daemon.send_signal(signal.SIGTERM)
        status = self._daemon.wait(timeout=_STOP_SECONDS)
        self._daemon = None
        return status

    def kill(self) -> None:
        """Kill -9: no chance to tidy up."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()
            self._daemon = None

    @property
    def pid(self) -> int:
        """The daemon's process."""
        if self._daemon is None:
            raise AssertionError("the daemon does not run")
        return self._daemon.pid

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.end_builds()

    def end_builds(self) -> None:
        """End what outlives the daemon on purpose: the supervisors and their builds."""
        for folder in (self.home / "builds").glob("*"):
            running = folder / "running.json"
            if not running.exists() or (folder / "result.json").exists():
                continue
            pid = json.loads(running.read_text(encoding="utf-8"))["pid"]
            try:
                cmdline = Path(f"/proc/{pid}/cmdline").read_bytes()
            except FileNotFoundError:
                continue
            if str(folder).encode() in cmdline:
                os.kill(pid, signal.SIGKILL)  # sbuild is told by the kernel, and tidies up
        wait_for("the builds have ended", lambda: not self._sbuilds(), seconds=60)

    def _sbuilds(self) -> list[int]:
        return [
            pid
            for pid, command in processes()
            if str(self.home).encode() in command and b"sbuild" in command
        ]

    # --- looking ----------------------------------------------------------------

    def get(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        """GET *path*: status, body and headers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=20) as answer:
                return answer.status, answer.read(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), dict(error.headers)

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Read the database beside the daemon."""
        path = f"file:{self.home / 'db.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(path, uri=True, timeout=20)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row, or None."""
        return next(iter(self.rows(sql, *values)), None)

    def upload_of(self, changes_name: str, *, seconds: float = 30) -> sqlite3.Row:
        """The row of the newest upload of that .changes, once it is accepted or rejected."""
        sql = (
            "SELECT * FROM mini_buildd_upload WHERE changes_name = ? AND state != 'received'"
            " ORDER BY id DESC LIMIT 1"
        )
        return wait_for(
            f"{changes_name} is judged", lambda: self.one(sql, changes_name), seconds=seconds
        )

    def source_of(self, upload_id: int) -> sqlite3.Row | None:
        """The source that an upload became."""
        return self.one("SELECT * FROM mini_buildd_source WHERE upload_id = ?", upload_id)

    def wait_for_source(self, upload_id: int, *states: str, seconds: float = 300) -> sqlite3.Row:
        """The source of an upload, once it is in one of *states*; a rejected one has none."""

        def look() -> sqlite3.Row | None:
            upload = self.one("SELECT * FROM mini_buildd_upload WHERE id = ?", upload_id)
            if upload is not None and upload["state"] == "rejected":
                raise AssertionError(f"{upload['problem_code']}: {upload['found']}")
            row = self.source_of(upload_id)
            return row if row is not None and row["state"] in states else None

        return wait_for(f"upload {upload_id} is {' or '.join(states)}", look, seconds=seconds)

    def job_of(self, upload_id: int) -> sqlite3.Row | None:
        """The first job of an upload."""
        return self.one(
            "SELECT j.* FROM mini_buildd_job j JOIN mini_buildd_source s ON s.id = j.source_id"
            " WHERE s.upload_id = ? ORDER BY j.id",
            upload_id,
        )

    def attempt_of(self, job_id: int) -> sqlite3.Row | None:
        """The newest attempt of a job."""
        return self.one(
            "SELECT * FROM mini_buildd_attempt WHERE job_id = ? ORDER BY id DESC LIMIT 1", job_id
        )

    def events(self, kind: str) -> list[sqlite3.Row]:
        """All events of a kind."""
        return self.rows("SELECT * FROM mini_buildd_event WHERE kind = ? ORDER BY id", kind)


def processes() -> Iterator[tuple[int, bytes]]:
    """Every process of the machine with its command line."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                yield int(entry.name), (entry / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
