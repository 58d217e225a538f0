"""What the daemon takes of a machine that has other things to do: at its start, idle, and asked.

Its start is measured in processor time, which others on the machine change little, as it is once
installed: with its modules compiled before. Home and the status are asked for by nobody in
particular, as monitors do, and once by somebody with a cookie, for whom nothing is kept.
"""

import argparse
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from unittest.mock import patch

from mini_buildd.tests.bench import web_rows
from mini_buildd.tests.bench.web import cpu_ms
from mini_buildd.tests.figures import table
from mini_buildd.tests.instance import Instance

_HOME, _STATUS = "/", "/api/v1/status"
_IDLE_SECONDS = 5
_RSS = re.compile(r"^VmRSS:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured; *aim* is None where it stands for comparison only."""

    what: str
    unit: str
    value: float
    aim: float | None = None

    @property
    def is_missed(self) -> bool:
        """Whether it is over its aim."""
        return self.aim is not None and self.value > self.aim


def main(arguments: list[str]) -> int:
    """Measure and print; the exit status is 0 when all is within the aims."""
    parser = argparse.ArgumentParser(prog="./devel bench overhead", description=__doc__)
    parser.add_argument("--requests", type=int, default=200, help="of each address")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--home", type=Path, help="of an instance that is there already")
    parser.add_argument("--empty", action="store_true", help="with an instance without any rows")
    wanted = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="mbd-bench-") as folder, _compiled(Path(folder)):
        home = wanted.home or Path(folder) / "home"
        if wanted.home is None and not wanted.empty:
            web_rows.main(home)
        figures = list(measure(home, wanted.starts, wanted.requests))
    rows = [
        (each.what, f"{each.value:.1f}", each.unit, "" if each.aim is None else f"{each.aim:g}")
        for each in figures
    ]
    table("overhead", ("what", "is", "", "aim"), rows)
    return int(any(each.is_missed for each in figures))


@contextmanager
def _compiled(folder: Path) -> Iterator[None]:
    """Let Python keep what it compiles, in *folder*; ./devel forbids that in the tree."""
    with patch.dict(os.environ, {"PYTHONPYCACHEPREFIX": str(folder / "compiled")}):
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        yield


def measure(home: Path, starts: int, requests: int) -> Iterator[Figure]:
    """All figures of the instance in *home*."""
    instance = Instance(home)
    instance.configure()
    with instance:  # the first start compiles
        pass
    taken = []
    for _ in range(starts):
        with instance:
            taken.append(cpu_ms(instance.pid))
    yield Figure("start until home is shown, processor", "ms", statistics.median(taken), 1500)
    with instance:
        time.sleep(_IDLE_SECONDS)  # its steps have looked at everything once
        yield Figure("idle, memory (RSS)", "MB", _memory_mb(instance.pid), 100)
        for path, aim in ((_HOME, 10), (_STATUS, 2)):
            yield Figure(f"{path}, processor", "ms", _asked(instance, path, {}, requests), aim)
            fields = {"Cookie": "somebody=1"}
            value = _asked(instance, path, fields, requests)
            yield Figure(f"{path}, made anew, processor", "ms", value)
        yield Figure("asked so often, memory (RSS)", "MB", _memory_mb(instance.pid), 100)
        _asked(instance, "/api/v1/builds/", {}, 1)
        yield Figure("after the API was called, memory (RSS)", "MB", _memory_mb(instance.pid), 100)


def _asked(instance: Instance, path: str, fields: Mapping[str, str], requests: int) -> float:
    """What one request takes of the processor, in milliseconds."""
    with closing(HTTPConnection("127.0.0.1", instance.http_port, timeout=60)) as door:

        def ask() -> None:
            door.request("GET", path, headers=dict(fields))
            answer = door.getresponse()
            answer.read()
            if answer.status != 200:
                raise AssertionError(f"{path}: {answer.status}")

        _often(ask, 10)  # so that nothing is asked for the first time
        began = cpu_ms(instance.pid)
        _often(ask, requests)
        return (cpu_ms(instance.pid) - began) / requests


def _often(work: Callable[[], None], times: int) -> None:
    for _ in range(times):
        work()


def _memory_mb(pid: int) -> float:
    match = _RSS.search(Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return int(match[1]) / 1024 if match else 0.0
