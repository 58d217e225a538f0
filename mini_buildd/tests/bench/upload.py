"""How fast files come in by each way, and how long others wait meanwhile.

One large file over loopback, by curl and sftp, in turns with the servers that a user would pick
instead. A transfer ends when its bytes are on the disk: we sync before we answer, the others are
synced by us. During one more transfer a page and a file of the archive are asked for every 20 ms.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from mini_buildd.kit.atomic import sync_file
from mini_buildd.tests.bench import upload_peers
from mini_buildd.tests.figures import table

_ROUNDS = 3
_MB = 500
_PING_SECONDS = 0.02
_CURL = ("curl", "-sS", "--fail", "--noproxy", "*", "-o", "/dev/null")


@dataclass(slots=True)
class Ways:
    """The ways that are measured, each by its name: a call is one transfer of *file*."""

    file: Path
    calls: dict[str, Callable[[], None]] = field(default_factory=dict)
    servers: dict[str, int] = field(default_factory=dict)  # by the first word of the name, its pid

    def curl(self, name: str, url: str, *options: str) -> None:
        """A way that curl goes."""
        self.calls[name] = lambda: _run(*_CURL, *options, "-T", str(self.file), url)


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer, and what others felt of another one."""

    seconds: float
    cpu_seconds: float  # of the server; 0 where it cannot be told
    waits: tuple[float, ...]  # of requests meanwhile, in seconds


def run(arguments: list[str]) -> int:
    """Measure as many rounds, of as many MB, as the arguments say; returns the exit status."""
    rounds, megabytes = (*map(int, arguments), *(_ROUNDS, _MB)[len(arguments) :])[:2]
    folder = Path(tempfile.mkdtemp(prefix="mbd-bench-"))
    try:
        with ExitStack() as stack:
            _measure(folder, stack, rounds, megabytes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _measure(folder: Path, stack: ExitStack, rounds: int, megabytes: int) -> None:
    ways = Ways(_large_file(folder / "large_1.orig.tar.xz", megabytes))
    home = folder / "home"
    ports, pid = stack.enter_context(_ours(home))
    _add_ours(ways, home, ports)
    _add_peers(ways, folder, stack)
    ways.servers["ours"] = pid
    before = _memory_mb(pid)
    found: dict[str, list[Transfer]] = {}
    for _ in range(rounds):
        for name, call in ways.calls.items():
            server = ways.servers.get(name.partition(":")[0], 0)
            found.setdefault(name, []).append(_transfer(call, server, ports["http"]))
            _clear(home, folder)
    _print(found, megabytes)
    print(f"  memory of ours: {before:.0f} MB before, {_memory_mb(pid):.0f} MB after all of it")
    print("  aims: at least as fast as pyftpdlib; SFTP over 100 MB/s; p99 under 50 ms\n")


def _large_file(path: Path, megabytes: int) -> Path:
    with path.open("wb") as stream:
        for _ in range(megabytes):
            stream.write(os.urandom(1 << 20))
    return path


@contextmanager
def _ours(home: Path) -> Iterator[tuple[dict[str, int], int]]:
    (home / "archive" / "test").mkdir(parents=True)
    (home / "archive" / "test" / "Release").write_bytes(b"x" * 1000)
    with subprocess.Popen(
        [sys.executable, "-m", "mini_buildd.tests.bench.upload_serve", str(home)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield json.loads(process.stdout.readline() if process.stdout else ""), process.pid
        finally:
            process.terminate()


def _add_ours(ways: Ways, home: Path, ports: dict[str, int]) -> None:
    trust = ("--cacert", str(home / "tls" / "certificate.pem"))
    host = "127.0.0.1"
    ways.curl("ours: FTP", f"ftp://{host}:{ports['ftp']}/")
    ways.curl("ours: FTPS", f"ftp://{host}:{ports['ftp']}/", "--ssl-reqd", *trust)
    ways.curl("ours: HTTP", f"http://{host}:{ports['http']}/upload/")
    ways.curl("ours: HTTPS", f"https://{host}:{ports['https']}/upload/", *trust)
    ways.calls["ours: tus"] = lambda: _tus(ports["http"], ways.file)
    batch = home / "batch"
    batch.write_text(f"put {ways.file} /\n", encoding="utf-8")
    key = home / "key"
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    put = ("sftp", *_ssh_options(key, ports["sftp"]), "-b", str(batch), host)
    ways.calls["ours: SFTP"] = lambda: _run(*put)


def _tus(port: int, file: Path) -> None:
    """Begin, and bring all of it in one go."""
    fields = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(file.stat().st_size),
        "Upload-Metadata": "filename bGFyZ2U=",
    }
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("POST", "/api/v1/incoming/", headers=fields)
        where = connection.getresponse().getheader("Location")
    fields = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
    }
    headers = [word for each in fields.items() for word in ("-H", ": ".join(each))]
    url = f"http://127.0.0.1:{port}{where}"
    _run(*_CURL, "-X", "PATCH", *headers, "-T", str(file), url)


def _add_peers(ways: Ways, folder: Path, stack: ExitStack) -> None:
    taken = folder / "taken"
    taken.mkdir()
    port, ways.servers["pyftpdlib"] = stack.enter_context(upload_peers.pyftpdlib(taken))
    put = (*_CURL, "-T", str(ways.file), f"ftp://127.0.0.1:{port}/")
    ways.calls["pyftpdlib: FTP"] = lambda: _synced(taken / ways.file.name, *put)
    if not upload_peers.SFTP_SERVER.exists():
        return
    batch = folder / "batch"
    batch.write_text(f"put {ways.file} {taken / 'by-sftp'}\n", encoding="utf-8")
    pipe = ("sftp", "-q", "-b", str(batch), "-D", str(upload_peers.SFTP_SERVER))
    ways.calls["OpenSSH: SFTP without SSH"] = lambda: _synced(taken / "by-sftp", *pipe)
    if upload_peers.sshd_path() is None:
        return
    key = folder / "key"
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    port = stack.enter_context(upload_peers.sshd(folder, key.with_suffix(".pub")))
    by_ssh = ("sftp", *_ssh_options(key, port), "-b", str(batch), "127.0.0.1")
    ways.calls["OpenSSH: SFTP"] = lambda: _synced(taken / "by-sftp", *by_ssh)


def _ssh_options(key: Path, port: int) -> tuple[str, ...]:
    told = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")
    options = [word for each in told for word in ("-o", each)]
    return ("-q", "-i", str(key), "-F", "none", *options, "-P", str(port))


def _synced(taken: Path, *command: str) -> None:
    _run(*command)
    sync_file(taken)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _transfer(call: Callable[[], None], server: int, port: int) -> Transfer:
    cpu, begin = _cpu_seconds(server), time.monotonic()
    call()
    seconds, cpu = time.monotonic() - begin, _cpu_seconds(server) - cpu
    return Transfer(seconds, cpu, tuple(_waits(call, port)))


def _waits(call: Callable[[], None], port: int) -> list[float]:
    waits: list[float] = []
    done = threading.Event()
    pinging = threading.Thread(target=_ping, args=(port, done, waits))
    pinging.start()
    try:
        call()
    finally:
        done.set()
        pinging.join()
    return waits


def _ping(port: int, done: threading.Event, waits: list[float]) -> None:
    """Ask for a page and for a file of the archive, in turns."""
    paths = ("/", "/archive/test/Release")
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        while not done.wait(_PING_SECONDS):
            begin = time.monotonic()
            connection.request("GET", paths[len(waits) % 2])
            connection.getresponse().read()
            waits.append(time.monotonic() - begin)


def _clear(home: Path, folder: Path) -> None:
    for path in [*(home / "spool" / "files").glob("*/*"), *(folder / "taken").iterdir()]:
        path.unlink()


def _memory_mb(pid: int) -> float:
    """What a process has in memory now (proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _cpu_seconds(pid: int) -> float:
    """What a process has used of the processors until now (proc(5)); 0 for none."""
    if not pid:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _print(found: dict[str, list[Transfer]], megabytes: int) -> None:
    gigabytes = megabytes * (1 << 20) / 1e9

    def rate(name: str) -> float:
        return gigabytes * 1e3 / statistics.median(each.seconds for each in found[name])

    def row(name: str) -> tuple[str, ...]:
        waits = sorted(wait for each in found[name] for wait in each.waits) or [0.0]
        against = "OpenSSH: SFTP" if "SFTP" in name else "pyftpdlib: FTP"
        ratio = rate(name) / rate(against) if against in found else 0.0
        cpu = statistics.median(each.cpu_seconds for each in found[name]) / gigabytes
        shown = (name, f"{rate(name):.0f}", f"{ratio:.2f}", f"{cpu:.2f}" if cpu else "")
        if not name.startswith("ours"):
            return (*shown, "", "")
        p50, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
        return (*shown, f"{p50 * 1e3:.1f}", f"{p99 * 1e3:.1f}")

    rounds = len(next(iter(found.values())))
    table(
        f"upload: {megabytes} MiB on loopback, median of {rounds} rounds",
        ("way", "MB/s", "to the peer's", "CPU s/GB", "others wait ms, p50", "p99"),
        [row(name) for name in found],
    )
