"""Wake-ups within one process."""

from mini_buildd.bus.local import LocalBus
from mini_buildd.domain.event import EventKind


def test_those_who_listen_are_woken_and_others_are_not() -> None:
    bus, woken = LocalBus(), list[str]()
    bus.subscribe([EventKind.JOB_FAILED], lambda: woken.append("failed"))
    bus.subscribe([EventKind.JOB_LOST], lambda: woken.append("lost"))
    bus.publish([EventKind.JOB_LOST, EventKind.SUITE_PUBLISHED])
    assert woken == ["lost"]


def test_each_is_woken_once_for_many_events() -> None:
    bus, woken = LocalBus(), list[int]()
    bus.subscribe([EventKind.JOB_FAILED, EventKind.JOB_LOST], lambda: woken.append(1))
    bus.publish([EventKind.JOB_LOST, EventKind.JOB_FAILED, EventKind.JOB_LOST])
    assert woken == [1]


def test_without_listeners_or_events_nothing_happens() -> None:
    bus = LocalBus()
    bus.publish(list(EventKind))
    woken: list[str] = []
    bus.subscribe([EventKind.JOB_PLANNED], lambda: woken.append("planned"))
    bus.publish([])
    bus.publish([kind for kind in EventKind if kind is not EventKind.JOB_PLANNED])
    assert woken == []
