"""Many clients that upload at the same time: ``./devel campaign uploads-at-once [CLIENTS=50]``.

Real ones, of all kinds, each with a version of its own of some source. All uploads must be dealt
with, and those of a source one after the other, in the order in which they had arrived; meanwhile
the pages answer. Once all begin at the same moment, so that a later version may come first, and the
earlier one is refused then; once each waits for the version before its own, and all are accepted.
"""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mini_buildd.deb.version import Version, compare
from mini_buildd.tests.campaign._ways import Courier, register_ssh_key, ssh_options
from mini_buildd.tests.figures import table
from mini_buildd.tests.instance import free_port, wait_for
from mini_buildd.tests.packager import Upload, dput_section
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.sources import tiny

_CLIENTS = 50
_SOURCES = 10
_PADDING_BYTES = 200_000
_SECONDS = 240
_OVERTAKEN = "version-too-low"


@dataclass(slots=True)
class Outcome:
    """What became of it all."""

    clients: dict[str, int] = field(default_factory=dict)
    accepted: int = 0
    overtaken: int = 0
    sent_seconds: float = 0
    done_seconds: float = 0
    pages_seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def run(arguments: list[str]) -> int:
    """So many clients as the argument says (50); the exit status is 1 when there is a fault."""
    folder = Path(tempfile.mkdtemp(prefix="mbd-once-"))
    campaign = Campaign(folder)
    try:
        campaign.set_up()
        count = int(arguments[0]) if arguments else _CLIENTS
        outcomes = [campaign.play(count), campaign.play(count, in_turn=True)]
    finally:
        campaign.close()
        shutil.rmtree(folder, ignore_errors=True)
    for outcome, how in zip(outcomes, ("all at the same moment", "versions in turn"), strict=True):
        _print(outcome, how)
    return 1 if any(outcome.faults for outcome in outcomes) else 0


class Campaign:
    """An instance in *folder* that builds nothing, and a packager who uploads to it."""

    def __init__(self, folder: Path) -> None:
        self._scene = Scenario(folder)
        self._instance = self._scene.instance
        self._courier = Courier(self._instance, folder / "id_ed25519", free_port())
        self._config = folder / "dput.cf"
        self._series = 0

    def set_up(self) -> None:
        """The daemon serves by every way in."""
        self._instance.slots = 0
        self._instance.sftp_port = free_port()
        self._instance.extra = f"[https]\nport = {self._courier.https_port}\n"
        self._scene.set_up()
        register_ssh_key(self._instance, self._courier.ssh_key)
        self._config.write_text(dput_section("here", self._instance), encoding="utf-8")
        self._instance.start()

    def close(self) -> None:
        """End all that was started."""
        self._scene.close()

    def play(self, count: int, *, in_turn: bool = False) -> Outcome:
        """*count* clients at once; *in_turn*, none before that with the version before its own."""
        self._series += 1
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            uploads = list(pool.map(self._make, range(count)))
        outcome, sent = Outcome(), [threading.Event() for _ in range(count)]

        def send(number: int) -> tuple[str, str]:
            if in_turn and number >= _SOURCES:
                sent[number - _SOURCES].wait(_SECONDS)
            try:
                return self._send(number, uploads[number])
            finally:
                sent[number].set()

        begun = time.monotonic()
        with _looking_at(self._instance, outcome.pages_seconds), ThreadPoolExecutor(count) as pool:
            for kind, fault in pool.map(send, range(count)):
                outcome.clients[kind] = outcome.clients.get(kind, 0) + 1
                outcome.faults += [fault] * bool(fault)
            outcome.sent_seconds = time.monotonic() - begun
            names = {upload.name for upload in uploads}
            wait_for("all are dealt with", lambda: self._are_dealt_with(names), seconds=_SECONDS)
            outcome.done_seconds = time.monotonic() - begun
        self._look(outcome, names)
        if in_turn and outcome.overtaken:
            outcome.faults.append(f"{outcome.overtaken} were overtaken")
        return outcome

    def _make(self, number: int) -> Upload:
        """Version number // sources of source number % sources."""
        source, step = f"mbd-once-{number % _SOURCES}", number // _SOURCES + 1
        tree = tiny("mbd-tiny", self._scene.folder / "sources" / f"{self._series}-{number}")
        control = tree / "debian" / "control"
        text = control.read_text(encoding="utf-8").replace("mbd-tiny", source)
        control.write_text(text, encoding="utf-8")
        (tree / "padding").write_bytes(os.urandom(_PADDING_BYTES))
        self._scene.packager.change(
            tree,
            version=self._scene.version(f"{self._series}.{step}"),
            distribution=self._scene.distribution,
            text="Upload.",
        )
        return self._scene.packager.build_source(tree)

    def _send(self, number: int, upload: Upload) -> tuple[str, str]:
        """By which client it goes, and what that has to complain of."""
        commands = self._commands(f"127.0.0.{number + 2}", upload)
        kind = list(commands)[number % len(commands)]
        done = subprocess.run(
            commands[kind],
            cwd=upload.changes.parent,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
        )
        if done.returncode:
            return (
                kind,
                f"{kind} ended with {done.returncode}: {(done.stdout + done.stderr)[-300:]}",
            )
        return kind, ""

    def _commands(self, address: str, upload: Upload) -> dict[str, Sequence[str]]:
        """The real clients, those that can from an *address* of their own."""
        files = [str(path) for path in (*upload.files, upload.changes)]
        key, instance = ssh_options(self._courier.ssh_key), self._instance
        curl = ("curl", "--silent", "--show-error", "--fail", "--insecure", "--interface", address)
        return {
            "dput": ["dput", "-u", "-f", "-c", str(self._config), "here", str(upload.changes)],
            "curl by HTTP": [*curl, *_puts(files, f"http://127.0.0.1:{instance.http_port}")],
            "sftp": [
                *("sftp", *key, "-o", f"BindAddress={address}", "-b", str(_batch(upload, files))),
                *("-P", str(instance.sftp_port), "pat@127.0.0.1"),
            ],
            "curl by HTTPS": [
                *curl,
                *_puts(files, f"https://127.0.0.1:{self._courier.https_port}"),
            ],
            "curl with a form": [
                *curl,
                *(word for path in files for word in ("--form", f"files=@{path}")),
                f"{instance.url}/api/v1/uploads/files",
            ],
            "scp": [
                *("scp", *key, "-o", f"BindAddress={address}", "-P", str(instance.sftp_port)),
                *(*files, "pat@127.0.0.1:"),
            ],
            "curl by FTP": [
                *("curl", "--silent", "--show-error", "--ftp-skip-pasv-ip"),
                *("--upload-file", "{" + ",".join(files) + "}"),
                f"ftp://127.0.0.1:{instance.ftp_port}/",
            ],
        }

    # --- what holds afterwards ----------------------------------------------------------------

    def _rows(self, names: Collection[str]) -> list[Any]:
        rows = self._instance.rows("SELECT * FROM mini_buildd_upload ORDER BY id")
        return [row for row in rows if row["changes_name"] in names]

    def _are_dealt_with(self, names: Collection[str]) -> bool:
        """Whether all uploads are settled, and their sources, if accepted, are planned."""
        waiting = self._instance.rows("SELECT 1 FROM mini_buildd_source WHERE state = 'accepted'")
        settled = [row for row in self._rows(names) if row["state"] != "received"]
        return len(settled) >= len(names) and not waiting

    def _look(self, outcome: Outcome, names: Collection[str]) -> None:
        rows = self._rows(names)
        if len(rows) != len(names):
            outcome.faults.append(f"{len(rows)} uploads of {len(names)}")
        newest: dict[str, Version] = {}
        for row in rows:
            name, version = row["source_name"], Version(row["version"])
            is_newer = name not in newest or compare(version, newest[name]) > 0
            if row["state"] == "accepted" and is_newer:
                newest[name] = version
                outcome.accepted += 1
            elif row["problem_code"] == _OVERTAKEN and not is_newer:
                outcome.overtaken += 1
            else:
                outcome.faults.append(f"{name} {version}: {row['state']} {row['problem_code']}")
        left = [path for path in (self._instance.home / "spool").rglob("*") if path.is_file()]
        outcome.faults += [f"left in the spool: {path.name}" for path in left]


def _puts(files: Sequence[str], url: str) -> Iterator[str]:
    for path in files:
        yield from ("--upload-file", path, f"{url}/upload/{Path(path).name}")


def _batch(upload: Upload, files: Sequence[str]) -> Path:
    batch = upload.changes.with_name("batch")
    batch.write_text("".join(f"put {path}\n" for path in files), encoding="utf-8")
    return batch


class _looking_at:  # noqa: N801  # it is read as a verb
    """Asks for the first page again and again, and notes how long each answer took."""

    def __init__(self, instance: Any, seconds: list[float]) -> None:
        self._instance, self._seconds = instance, seconds
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._is_over.is_set():
            begun = time.monotonic()
            self._instance.get("/")
            self._seconds.append(time.monotonic() - begun)
            self._is_over.wait(0.02)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()


def _print(outcome: Outcome, how: str) -> None:
    pages = sorted(outcome.pages_seconds)
    table(
        f"uploads-at-once: {sum(outcome.clients.values())} clients, {how}",
        ("what", "how much"),
        [
            *((f"uploads by {kind}", count) for kind, count in outcome.clients.items()),
            ("accepted", outcome.accepted),
            ("overtaken by a later version", outcome.overtaken),
            ("seconds until all was sent", f"{outcome.sent_seconds:.1f}"),
            ("seconds until all was dealt with", f"{outcome.done_seconds:.1f}"),
            ("answers of the first page meanwhile", len(pages)),
            ("their median in ms", f"{pages[len(pages) // 2] * 1000:.0f}"),
            ("the slowest in ms", f"{pages[-1] * 1000:.0f}"),
            ("faults", "; ".join(outcome.faults) or "none"),
        ],
    )
