"""One operation of our archive, as a process of its own, for ``./devel bench archive``.

    python -m mini_buildd.tests.bench.ours HOME import FOLDER
    python -m mini_buildd.tests.bench.ours HOME add FILE
    python -m mini_buildd.tests.bench.ours HOME remove PACKAGE
    python -m mini_buildd.tests.bench.ours HOME snapshot NAME
    python -m mini_buildd.tests.bench.ours HOME rollback NUMBER

It prints one line of JSON with wall_seconds, cpu_seconds and peak_rss_bytes of the operation alone:
in a daemon, Python and Django are there already. The memory is all that the process has, theirs
included, but not what they had only in passing.
"""

import argparse
import contextlib
import json
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mini_buildd.config.places import Places
from mini_buildd.db.connect import connect, django_settings, migrate

_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def measured(operation: Callable[[], None]) -> dict[str, float]:
    """What *operation* takes in this process and in those that it starts and waits for."""
    with contextlib.suppress(OSError):  # refused in some containers: then the start-up counts, too
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak: proc(5)
    before, started = _cpu_seconds(), time.perf_counter()
    operation()
    return {
        "wall_seconds": time.perf_counter() - started,
        "cpu_seconds": _cpu_seconds() - before,
        "peak_rss_bytes": _peak_rss_bytes(),
    }


def _cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in _WHO]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _peak_rss_bytes() -> int:
    """The most of one process; of this one without what getrusage has from before its exec."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    own = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return 1024 * max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="ours")
    parser.add_argument("home", type=Path)
    parser.add_argument("operation", choices=("import", "add", "remove", "snapshot", "rollback"))
    parser.add_argument("given")
    told = parser.parse_args(arguments)
    places = Places(told.home)
    told.home.mkdir(parents=True, exist_ok=True)
    places.make()
    connect(django_settings(places.database))
    migrate()
    from mini_buildd.tests.bench import verbs  # noqa: PLC0415  # models need a configured Django

    with verbs.opened(places) as bench:
        print(json.dumps(measured(partial(verbs.OPERATIONS[told.operation], bench, told.given))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
