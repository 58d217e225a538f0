"""What it costs to serve the archive, beside nginx with the example's site file.

The same files, on loopback, one process each (nginx: one worker), no access log, keep-alive, in
turns. Small is what a .dsc is; large is a big package.
"""

import os
import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.tests.daemon.server import serving
from mini_buildd.tests.figures import table
from mini_buildd.tests.nginx import running

_ROUNDS = 3
_SECONDS = 4
_LARGE_BYTES = 200 << 20
_DOWNLOADS = 10
_GB = 1e9


@dataclass(frozen=True, slots=True)
class Round:
    """One server, one round."""

    requests_per_second: float
    request_us: float
    bytes_per_second: float
    seconds_per_gb: float


def run(arguments: list[str]) -> int:
    """Measure as many rounds as the argument says, and print; returns the exit status."""
    count = int(arguments[0]) if arguments else _ROUNDS
    folder = Path(tempfile.mkdtemp(prefix="mbd-bench-"))
    try:
        (folder / "nginx").mkdir()
        pool = folder / "archive" / "test" / "pool"
        pool.mkdir(parents=True)
        (pool / "small").write_bytes(os.urandom(1024))
        with (pool / "large").open("wb") as stream:
            for _ in range(_LARGE_BYTES >> 20):
                stream.write(os.urandom(1 << 20))
        with (
            serving(folder) as ours,
            running(folder / "nginx", home=folder, daemon_port=ours.port) as (port, worker),
        ):
            doors = {"mini-buildd": (ours.port, ours.pid), "nginx": (port, worker)}
            rounds = [{name: _measure(*door) for name, door in doors.items()} for _ in range(count)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _print(rounds)
    return 0


def _measure(port: int, pid: int) -> Round:
    url = f"http://127.0.0.1:{port}/archive/test/pool"
    cpu = _cpu_seconds(pid)
    said = _output("wrk", "-t1", "-c8", f"-d{_SECONDS}", f"{url}/small")
    small_cpu = _cpu_seconds(pid) - cpu
    if "Non-2xx" in said or "Socket errors" in said:
        raise AssertionError(said)
    requests = int(_figure(r"(\d+) requests in", said))
    cpu = _cpu_seconds(pid)
    downloads = [
        float(_output("curl", "-sSf", "-o", "/dev/null", "-w", "%{speed_download}", f"{url}/large"))
        for _ in range(_DOWNLOADS)
    ]
    large_cpu = _cpu_seconds(pid) - cpu
    return Round(
        requests_per_second=float(_figure(r"Requests/sec: +([\d.]+)", said)),
        request_us=small_cpu / requests * 1e6,
        bytes_per_second=statistics.median(downloads),
        seconds_per_gb=large_cpu / (_LARGE_BYTES * _DOWNLOADS / _GB),
    )


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _figure(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise AssertionError(text)
    return match[1]


def _cpu_seconds(pid: int) -> float:
    """What a process has used of the processor until now (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _print(rounds: list[dict[str, Round]]) -> None:
    def median(name: str, value: Callable[[Round], float]) -> float:
        return statistics.median(value(each[name]) for each in rounds)

    def row(what: str, form: str, value: Callable[[Round], float]) -> tuple[str, ...]:
        ours, theirs = median("mini-buildd", value), median("nginx", value)
        return what, form.format(ours), form.format(theirs), f"{ours / theirs:.2f}"

    table(
        f"serve: 1 KB and {_LARGE_BYTES >> 20} MB on loopback, median of {len(rounds)} rounds",
        ("what", "mini-buildd", "nginx", "ours / nginx"),
        [
            row("1 KB: requests/s", "{:.0f}", lambda each: each.requests_per_second),
            row("1 KB: CPU microseconds a request", "{:.1f}", lambda each: each.request_us),
            row("large: MB/s", "{:.0f}", lambda each: each.bytes_per_second / 1e6),
            row("large: CPU s/GB", "{:.3f}", lambda each: each.seconds_per_gb),
        ],
    )
    print("  aims: over 5000 requests/s; CPU s/GB of the large file within 1.30 of nginx's")
