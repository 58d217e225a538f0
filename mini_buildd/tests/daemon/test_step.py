"""A step: never twice at once, never lost, and at an end when it says so."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.python.threadpool import ThreadPool

from mini_buildd.bus.local import LocalBus
from mini_buildd.daemon.step import Step
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.problem import DiskFull
from mini_buildd.flow.rounds import Rounds
from mini_buildd.kit.clock import utc_now
from mini_buildd.tests.instance import wait_for


class Reactor(Clock):
    """Twisted's clock for tests, and calls from threads that wait until they are let in."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: list[Callable[[], object]] = []
        self._lock = threading.Lock()

    def callFromThread(self, call: Callable[..., object], *arguments: object) -> None:  # noqa: N802
        """Remember it (IReactorFromThreads)."""
        with self._lock:
            self._calls.append(lambda: call(*arguments))

    def turn(self) -> None:
        """One turn of the reactor: all calls that came, but not those that they make."""
        with self._lock:
            calls, self._calls = self._calls, []
        for call in calls:
            call()


class Work:
    """Work that lasts until it is let go, and knows when it ran twice at once."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.was_twice_at_once = False
        self.gate = threading.Semaphore(0)
        self.fault: Exception | None = None
        self.events: list[EventKind] = []
        self._alone = threading.Lock()

    def __call__(self) -> list[EventKind]:
        """Run (in a pool thread)."""
        self.was_twice_at_once |= not self._alone.acquire(blocking=False)
        self.begun += 1
        self.gate.acquire(timeout=20)
        self._alone.release()
        self.ended += 1
        if self.fault:
            raise self.fault
        return self.events


class Stage:
    """A step on a clock of its own, with real threads."""

    def __init__(self, pool: ThreadPool) -> None:
        self.reactor = Reactor()
        self.bus = LocalBus()
        self.work = Work()
        self.rounds = Rounds(utc_now)
        self.step = Step(
            "test",
            self.work,
            reactor=self.reactor,
            pool=pool,
            bus=self.bus,
            sweep_seconds=10,
            rounds=self.rounds,
        )

    def until(self, what: Callable[[], bool]) -> None:
        """Turn the reactor until it is so."""

        def look() -> bool:
            self.reactor.turn()
            return what()

        wait_for("it", look, seconds=20, interval=0.001)

    def let_end(self, count: int) -> None:
        """Let run number *count* end."""
        self.until(lambda: self.work.begun >= count)
        self.work.gate.release()
        self.until(lambda: self.work.ended >= count)
        self.until(lambda: self.step._running is None or self.work.begun > count)


@pytest.fixture
def stage() -> Iterator[Stage]:
    pool = ThreadPool(1, 4)
    pool.start()
    made = Stage(pool)
    yield made
    for _ in range(100):
        made.work.gate.release()
    pool.stop()
    assert not made.work.was_twice_at_once


@pytest.mark.django_db(transaction=True)
class TestStep:
    """They close the connections of their threads, so they need the database."""

    def test_wake_ups_while_it_runs_make_one_more_run(self, stage: Stage) -> None:
        stage.step.start()
        stage.until(lambda: stage.work.begun == 1)
        threads = [threading.Thread(target=stage.step.wake) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stage.reactor.turn()
        assert stage.work.begun == 1
        stage.let_end(1)
        stage.let_end(2)
        stage.reactor.turn()
        assert stage.work.begun == 2

    def test_it_sweeps_by_itself(self, stage: Stage) -> None:
        stage.step.start()
        stage.let_end(1)
        stage.reactor.advance(9.9)
        assert stage.work.begun == 1
        stage.reactor.advance(0.2)
        stage.let_end(2)

    def test_a_failure_is_logged_and_the_next_sweep_comes(
        self, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        stage.work.fault = ValueError("the cause")
        stage.step.start()
        stage.let_end(1)
        assert "the cause" in caplog.text
        stage.reactor.advance(10)
        stage.let_end(2)

    def test_a_problem_is_told_in_one_line_once_and_its_end_as_well(
        self, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        problem = DiskFull(expected="room", found="none", hint="Make some.")
        stage.work.fault = problem
        stage.step.start()
        stage.let_end(1)
        stage.reactor.advance(10)
        stage.let_end(2)
        stage.work.fault = None
        stage.reactor.advance(10)
        stage.let_end(3)
        assert [record.getMessage() for record in caplog.records] == [
            f"test failed; it is tried again by itself: {problem}",
            "test goes on",
        ]

    def test_its_events_wake_others_once_each(self, stage: Stage) -> None:
        woken: list[str] = []
        stage.bus.subscribe(
            [EventKind.JOB_PLANNED, EventKind.JOB_FAILED], lambda: woken.append("x")
        )
        stage.work.events = [EventKind.JOB_PLANNED, EventKind.JOB_PLANNED, EventKind.JOB_FAILED]
        stage.step.start()
        stage.let_end(1)
        stage.until(lambda: bool(woken))
        assert woken == ["x"]

    def test_stopping_waits_for_what_runs_and_begins_nothing_new(self, stage: Stage) -> None:
        stage.step.start()
        stage.until(lambda: stage.work.begun == 1)
        stage.step.wake()
        stage.step.wake_in(1)
        stage.reactor.turn()
        ended: list[object] = []
        stage.step.stop().addCallback(ended.append)
        assert not ended
        stage.let_end(1)
        stage.until(lambda: bool(ended))
        stage.step.wake()
        stage.step.wake_in(0)
        stage.reactor.turn()
        stage.reactor.advance(100)
        assert stage.work.begun == 1
        assert not stage.reactor.getDelayedCalls()

    def test_stopped_before_it_was_started_it_is_at_its_end(self, stage: Stage) -> None:
        ended: list[object] = []
        stage.step.stop().addCallback(ended.append)
        assert ended == [None]

    def test_many_who_ask_to_be_woken_later_share_one_timer(self, stage: Stage) -> None:
        stage.step.start()
        stage.let_end(1)
        for seconds in (1.0, 0.5, 0.5, 2.0, 0.1):
            stage.step.wake_in(seconds)
        stage.reactor.turn()
        calls: Any = stage.reactor.getDelayedCalls()
        timers = [call.getTime() for call in calls]
        assert sorted(timers) == [0.1, 10.0]
        stage.reactor.advance(0.1)
        stage.let_end(2)
        stage.reactor.advance(3)
        stage.reactor.turn()
        assert stage.work.begun == 2

    def test_what_it_did_last_can_be_told(self, stage: Stage) -> None:
        assert stage.rounds.listing() == []
        stage.step.start()
        stage.until(lambda: stage.work.begun == 1)
        (running,) = stage.rounds.listing()
        assert (running.name, running.is_running, running.seconds) == ("test", True, None)
        stage.let_end(1)
        (ended,) = stage.rounds.listing()
        assert (ended.is_running, ended.problem, ended.count) == (False, "", 1)
        assert ended.next_at is not None
        assert ended.begun_at is not None
        assert (ended.next_at - ended.begun_at).total_seconds() == 10
        stage.work.fault = DiskFull(expected="room", found="none", hint="Make some.")
        stage.step.wake()
        stage.let_end(2)
        (failed,) = stage.rounds.listing()
        assert (failed.count, failed.failures) == (2, 1)
        assert "room" in failed.problem or "none" in failed.problem
        stage.work.fault = None
