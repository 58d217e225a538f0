"""The hub by itself: who is told of the time and of the end, whether they listen yet or not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from twisted.internet.task import Clock
from twisted.python.threadpool import ThreadPool

from mini_buildd.daemon.event_hub import EventHub, News, Source


@dataclass(eq=False)
class Ear:
    """One who listens, and notes what it is told."""

    position: int = 7
    told: list[str] = field(default_factory=list)
    fails: bool = False

    def tell(self) -> None:
        self._note("news")

    def beat(self) -> None:
        self._note("time")

    def close(self) -> None:
        self._note("end")

    def _note(self, word: str) -> None:
        self.told.append(word)
        if self.fails:
            raise RuntimeError(word)


class HandClock(Clock):
    """Time that passes by hand; threads are not waited for here."""

    def callFromThread(self, call: Callable[..., object], *given: object) -> None:  # noqa: N802  # Twisted's
        self.callLater(0, call, *given)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def hub(clock: HandClock) -> Iterator[EventHub]:
    pool = ThreadPool(0, 1)
    pool.start()
    yield EventHub(Source(clock, pool, lambda after: News((), after, frozenset()), lambda _: b""))
    pool.stop()


def test_who_is_still_told_what_was_counts_and_hears_the_time_and_the_end(
    hub: EventHub, clock: HandClock
) -> None:
    early, late = Ear(), Ear()
    hub.expect(early)
    hub.expect(late)
    assert len(hub) == 2
    clock.advance(hub.beat_seconds)
    hub.add(late)
    assert len(hub) == 2
    hub.stop()
    assert early.told == ["time", "end"]
    assert late.told == ["time", "news", "end"]
    assert len(hub) == 0
    clock.advance(hub.beat_seconds)
    assert early.told[-1] == late.told[-1] == "end"


def test_who_comes_when_all_have_been_told_of_the_end_is_told_it_too(hub: EventHub) -> None:
    hub.stop()
    ear = Ear()
    hub.add(ear)
    assert ear.told == ["end"]
    assert len(hub) == 0


def test_with_whom_something_is_wrong_is_let_go_and_all_others_hear(
    hub: EventHub, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = Ear(fails=True), Ear()
    hub.expect(bad)
    hub.expect(good)
    for _ in range(2):
        clock.advance(hub.beat_seconds)
    assert (bad.told, good.told) == (["time"], ["time", "time"])
    assert "cannot tell one who listens" in caplog.text
    hub.stop()
