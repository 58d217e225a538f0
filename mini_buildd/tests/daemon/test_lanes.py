"""Lanes: one key never twice at once, different keys side by side."""

from collections import defaultdict
from collections.abc import Callable, Iterator

import pytest
from twisted.python.threadpool import ThreadPool

from mini_buildd.bus.local import LocalBus
from mini_buildd.daemon.lanes import Lanes
from mini_buildd.domain.event import EventKind
from mini_buildd.tests.daemon.test_step import Reactor, Work
from mini_buildd.tests.instance import wait_for


class Stage:
    """Lanes on a clock of their own, with real threads and work that ends when it is let go."""

    def __init__(self, pool: ThreadPool) -> None:
        self.works: defaultdict[str, Work] = defaultdict(Work)
        self.told: list[EventKind] = []
        self._reactor, bus = Reactor(), LocalBus()
        bus.subscribe([EventKind.SUITE_PUBLISHED], lambda: self.told.append(self._kind))
        self.lanes = Lanes(
            "test", lambda key: self.works[key](), reactor=self._reactor, pool=pool, bus=bus
        )

    _kind = EventKind.SUITE_PUBLISHED

    def turn(self) -> None:
        """One turn of the reactor."""
        self._reactor.turn()

    def until(self, key: str, *, begun: int, ended: int) -> None:
        """Turn the reactor until the work for *key* has come so far."""

        def look() -> bool:
            self.turn()
            return (self.works[key].begun, self.works[key].ended) == (begun, ended)

        wait_for(f"{key} to have come so far", look, seconds=20, interval=0.001)

    def until_so(self, look: Callable[[], object]) -> None:
        """Turn the reactor until *look* finds it so."""

        def turn_and_look() -> bool:
            self.turn()
            return bool(look())

        wait_for("it", turn_and_look, seconds=20, interval=0.001)


@pytest.fixture
def stage(transactional_db: None) -> Iterator[Stage]:
    """Its threads close their connections, so they need the database."""
    del transactional_db
    pool = ThreadPool(1, 4)
    pool.start()
    made = Stage(pool)
    yield made
    for work in made.works.values():
        work.gate.release(5)
    pool.stop()


def test_a_key_that_takes_long_keeps_no_other_waiting(stage: Stage) -> None:
    stage.works["b"].events = [EventKind.SUITE_PUBLISHED]
    stage.lanes.wake("a")
    stage.until("a", begun=1, ended=0)
    stage.lanes.wake("b")
    stage.until("b", begun=1, ended=0)
    stage.works["b"].gate.release()
    stage.until("b", begun=1, ended=1)
    stage.until_so(lambda: stage.told)
    assert stage.works["a"].ended == 0


def test_a_key_that_is_woken_while_it_runs_runs_once_more_and_never_twice_at_once(
    stage: Stage,
) -> None:
    stage.lanes.wake("a")
    stage.until("a", begun=1, ended=0)
    for _ in range(3):
        stage.lanes.wake("a")
    stage.works["a"].gate.release(5)
    stage.until("a", begun=2, ended=2)
    assert not stage.works["a"].was_twice_at_once


def test_the_end_comes_when_all_that_runs_has_ended_and_nothing_new_begins(stage: Stage) -> None:
    stage.lanes.wake("a")
    stage.until("a", begun=1, ended=0)
    ends: list[object] = []
    stage.lanes.stop().addCallback(ends.append)
    stage.lanes.wake("b")
    stage.turn()
    assert not ends
    stage.works["a"].gate.release()
    stage.until_so(lambda: ends)
    assert "b" not in stage.works
