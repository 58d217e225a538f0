"""How the daemon itself fares: its steps, threads and requests, and how late the reactor is."""

import os
import resource
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.task import LoopingCall

from mini_buildd.daemon.pools import Pools
from mini_buildd.domain.metric import SECONDS, Counter, Family, Histogram, Kind, Sample, gauge

_BEAT_SECONDS = 1.0
_LATE_SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0)
_REQUEST_SECONDS = (0.002, 0.01, 0.05, 0.2, 1.0, 5.0)
_STEP_SECONDS = (*SECONDS, 60.0, 600.0)
_PAGE_BYTES = resource.getpagesize()


@dataclass(frozen=True, slots=True)
class Run:
    """A step that works now: for so long already."""

    name: str
    label: str
    seconds: float


class StepWatch:
    """Which steps work, how long they take, and how often one failed in a row; any thread."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._now = seconds
        self._running: dict[str, tuple[str, float]] = {}
        self._failures: dict[str, int] = {}
        self._ended_at: dict[str, float] = {}
        self._seconds = Histogram(
            "mini_buildd_step_duration_seconds", "One run of a step.", _STEP_SECONDS, "step"
        )
        self._failed = Counter("mini_buildd_step_failures_total", "Runs that failed.", "step")

    def began(self, name: str, label: str) -> None:
        """The step called *name* begins; *label* is what all of its kind are called."""
        with self._lock:
            self._running[name] = (label, self._now())

    def ended(self, name: str, *, is_good: bool) -> None:
        """It has ended."""
        with self._lock:
            label, began = self._running.pop(name, (name, self._now()))
            self._failures[name] = 0 if is_good else self._failures.get(name, 0) + 1
            self._ended_at[label] = time.time()
        self._seconds.observe(self._now() - began, label)
        if not is_good:
            self._failed.add(label)

    def runs(self) -> Sequence[Run]:
        """Those that work now."""
        now = self._now()
        with self._lock:
            return [Run(name, label, now - at) for name, (label, at) in self._running.items()]

    def failing(self, times: int) -> int:
        """How many steps have failed so many times in a row, or more often."""
        with self._lock:
            return sum(count >= times for count in self._failures.values())

    def families(self) -> Iterator[Family]:
        """The figures."""
        with self._lock:
            ended = [Sample(at, {"step": label}) for label, at in sorted(self._ended_at.items())]
        yield self._seconds.family()
        yield self._failed.family()
        yield gauge("mini_buildd_step_last_run_timestamp_seconds", "When a step last ended.", ended)


class Pulse:
    """All of that for one daemon."""

    def __init__(self, reactor: Any) -> None:
        self.steps = StepWatch()
        self._requests = Counter(
            "mini_buildd_http_requests_total", "Requests that were answered.", "door", "code"
        )
        self._request_seconds = Histogram(
            "mini_buildd_http_request_duration_seconds",
            "From a request's header to the end of its answer.",
            _REQUEST_SECONDS,
            "door",
        )
        self._late = Histogram(
            "mini_buildd_reactor_latency_seconds",
            "How much later than asked for the reactor did what was due.",
            _LATE_SECONDS,
        )
        self._reactor = reactor
        self._due: float | None = None
        self._beat = LoopingCall(self._look)
        self._beat.clock = reactor

    def start(self) -> None:
        """Look each second from now on how late the reactor is."""
        self._beat.start(_BEAT_SECONDS)

    def stop(self) -> None:
        """Look no more."""
        if self._beat.running:
            self._beat.stop()

    def _look(self) -> None:
        now = self._reactor.seconds()
        if self._due is not None:
            self._late.observe(max(0.0, now - self._due))
        self._due = now + _BEAT_SECONDS

    def count_request(self, door: str, status: int, seconds: float) -> None:
        """A request was answered; of the archive's files nobody measures how long."""
        self._requests.add(door, str(status))
        if seconds:
            self._request_seconds.observe(seconds, door)

    def families(self, pools: Pools, connections: int) -> Iterator[Family]:
        """The figures."""
        yield from self.steps.families()
        yield self._requests.family()
        yield self._request_seconds.family()
        yield self._late.family()
        yield gauge(
            "mini_buildd_threads_busy",
            "Threads of a pool that work now.",
            [Sample(busy, {"pool": name}) for name, busy in pools.busy().items()],
        )
        yield gauge(
            "mini_buildd_upload_connections", "Connections of those who upload.", connections
        )
        yield from process_figures()


def process_figures() -> Iterator[Family]:
    """What every program tells of its process, by the names that every program uses."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
    yield gauge("process_virtual_memory_bytes", "Address space.", int(pages[0]) * _PAGE_BYTES)
    yield gauge("process_resident_memory_bytes", "Memory in use.", int(pages[1]) * _PAGE_BYTES)
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = [Sample(used.ru_utime + used.ru_stime)]
    yield Family("process_cpu_seconds_total", Kind.COUNTER, "Time of processors.", cpu)
    yield gauge("process_open_fds", "Open files.", len(os.listdir("/proc/self/fd")))  # noqa: PTH208
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield gauge("process_max_fds", "Files that may be open.", soft)
    yield gauge("process_threads", "Threads.", threading.active_count())
    yield gauge("process_start_time_seconds", "When it began, since the epoch.", _STARTED)


_STARTED = time.time()
