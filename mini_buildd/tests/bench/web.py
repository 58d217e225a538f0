"""How quick pages and calls are on an instance with 100,000 builds and a million events.

Every page that pages lead to, with each filter, order and a place far down every list, and every
call of the API that reads: of a real daemon, over HTTP on one connection, as an administrator. The
questions to the database are counted beside it, in the same program. For comparison stands what
Django's ListView does for the same rows (COUNT, OFFSET, no template).
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from mini_buildd.tests.bench import web_rows
from mini_buildd.tests.figures import table
from mini_buildd.tests.instance import Instance

AIM_MS, AIM_QUERIES = 100, 10


@dataclass(frozen=True, slots=True)
class Taken:
    """What one address takes, in milliseconds."""

    path: str
    kind: str
    queries: int
    median: float
    high: float  # 95 %
    cpu: float


def main(arguments: list[str]) -> int:
    """Measure and print; the exit status is 0 when all is within the aims."""
    parser = argparse.ArgumentParser(prog="./devel bench web", description=__doc__)
    parser.add_argument("--requests", type=int, default=50, help="of each address")
    parser.add_argument("--only", default="", metavar="REGEX", help="addresses that match it")
    parser.add_argument("--home", type=Path, help="of a busy instance that is there already")
    wanted = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="mbd-bench-") as folder:
        home = wanted.home or Path(folder) / "home"
        if wanted.home is None:
            web_rows.main(home)
        survey = json.loads(_part("survey", home))
        plain = json.loads(_part("plain", home))
        chosen = [each for each in survey if re.search(wanted.only, each["path"])]
        taken = sorted(_measure(home, chosen, wanted.requests), key=lambda each: -each.high)
    _print(taken, wanted.requests)
    _print_plain(plain, taken)
    return int(any(each.high > AIM_MS or each.queries > AIM_QUERIES for each in taken))


def _part(what: str, home: Path) -> str:
    command = [sys.executable, "-m", f"{__package__}.web_survey", what, str(home)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _measure(home: Path, survey: Sequence[Mapping[str, Any]], requests: int) -> Iterator[Taken]:
    instance = Instance(home)
    instance.configure()
    with instance, closing(HTTPConnection("127.0.0.1", instance.http_port, timeout=60)) as door:
        cookie = _sign_in(door)
        for each in survey:
            _ask(door, each["path"], cookie)  # so that nothing is asked for the first time
            times, cpu = [], cpu_ms(instance.pid)
            for _ in range(requests):
                started = time.perf_counter()
                _ask(door, each["path"], cookie)
                times.append((time.perf_counter() - started) * 1000)
            high = sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]
            used = (cpu_ms(instance.pid) - cpu) / requests
            yield Taken(
                each["path"], each["kind"], each["queries"], statistics.median(times), high, used
            )


def _ask(door: HTTPConnection, path: str, cookie: str) -> bytes:
    door.request("GET", path, headers={"Cookie": cookie})
    answer = door.getresponse()
    body = answer.read()
    if answer.status >= 500:
        raise AssertionError(f"{path}: {answer.status}")
    return body


def _sign_in(door: HTTPConnection) -> str:
    door.request("GET", "/account/login/")
    answer = door.getresponse()
    found = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', answer.read())
    token = found[1].decode() if found else ""
    first = _cookies(answer.getheaders())
    form = {"username": "root", "password": "root", "csrfmiddlewaretoken": token}
    fields = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": first}
    door.request("POST", "/account/login/", urlencode(form), fields)
    answer = door.getresponse()
    answer.read()
    if answer.status != 302:
        raise AssertionError(f"root cannot sign in: {answer.status}")
    return f"{first}; {_cookies(answer.getheaders())}"


def _cookies(fields: Sequence[tuple[str, str]]) -> str:
    found = (value.partition(";")[0] for name, value in fields if name.lower() == "set-cookie")
    return "; ".join(found)


def cpu_ms(pid: int) -> float:
    """What a process has used of the processors until now (proc(5))."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(text[11]) + int(text[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _print(taken: Sequence[Taken], requests: int) -> None:
    rows = [
        (
            each.path[:78],
            f"{each.median:.0f}",
            f"{each.high:.0f}",
            f"{each.cpu:.0f}",
            each.queries,
            f"{each.high / AIM_MS:.2f}",
        )
        for each in taken
    ]
    head = ("address", "median", "95 %", "CPU", "queries", "of the aim")
    table(f"web: milliseconds, {requests} requests of each address", head, rows)
    slow = sum(each.high > AIM_MS for each in taken)
    many = sum(each.queries > AIM_QUERIES for each in taken)
    print(f"  aims: {AIM_MS} ms at 95 % and {AIM_QUERIES} questions to the database")
    print(f"  {len(taken)} addresses; over the aims in time: {slow}, in questions: {many}")


def _print_plain(plain: Sequence[Mapping[str, Any]], taken: Sequence[Taken]) -> None:
    """Ours beside it is the slowest page of the same list."""
    rows = []
    for each in plain:
        of_it = [one for one in taken if one.path.partition("?")[0] == each["beside"]]
        if of_it:
            ours = max(of_it, key=lambda one: one.cpu).cpu
            cells = (f"{each['cpu']:.0f}", f"{ours:.0f}", f"{ours / max(each['cpu'], 0.1):.2f}")
            rows.append((each["what"], *cells))
    head = ("what", "ListView", "ours, whole page", "ours / ListView")
    table("web: CPU milliseconds of a list", head, rows)
