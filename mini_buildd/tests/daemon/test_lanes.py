"""Lanes: one key never twice at once, different keys side by side."""

from collections import defaultdict

import pytest
from twisted.python.threadpool import ThreadPool

from mini_buildd.bus.local import LocalBus
from mini_buildd.daemon.lanes import Lanes
from mini_buildd.domain.event import EventKind
from mini_buildd.tests.daemon.test_step import Reactor, Work
from mini_buildd.tests.instance import wait_for


@pytest.mark.django_db(transaction=True)
def test_a_key_that_takes_long_keeps_no_other_waiting_and_never_runs_twice_at_once() -> None:
    reactor, bus, pool = Reactor(), LocalBus(), ThreadPool(1, 4)
    works: defaultdict[str, Work] = defaultdict(Work)
    told: list[EventKind] = []
    bus.subscribe([EventKind.SUITE_PUBLISHED], lambda: told.append(EventKind.SUITE_PUBLISHED))
    lanes = Lanes("test", lambda key: works[key](), reactor=reactor, pool=pool, bus=bus)
    works["b"].events = [EventKind.SUITE_PUBLISHED]

    def has(key: str, *, begun: int, ended: int) -> bool:
        reactor.turn()
        return (works[key].begun, works[key].ended) == (begun, ended)

    pool.start()
    try:
        lanes.wake("a")
        wait_for(
            "the first key to begin", lambda: has("a", begun=1, ended=0), seconds=20, interval=0.001
        )
        lanes.wake("a")
        lanes.wake("b")
        wait_for(
            "the second key to begin beside it",
            lambda: has("b", begun=1, ended=0),
            seconds=20,
            interval=0.001,
        )
        works["b"].gate.release()
        wait_for(
            "the second key's event",
            lambda: has("b", begun=1, ended=1) and bool(told),
            seconds=20,
            interval=0.001,
        )
        works["a"].gate.release(2)
        wait_for(
            "the first key to run once more",
            lambda: has("a", begun=2, ended=2),
            seconds=20,
            interval=0.001,
        )
        assert not works["a"].was_twice_at_once
        lanes.wake("b")
        wait_for(
            "the second key to run again",
            lambda: has("b", begun=2, ended=1),
            seconds=20,
            interval=0.001,
        )
        ends: list[object] = []
        lanes.stop().addCallback(ends.append)
        lanes.wake("c")
        reactor.turn()
        assert not ends
        works["b"].gate.release()
        wait_for(
            "the end of what ran",
            lambda: has("b", begun=2, ended=2) and bool(ends),
            seconds=20,
            interval=0.001,
        )
        assert "c" not in works
    finally:
        for work in works.values():
            work.gate.release(5)
        pool.stop()
