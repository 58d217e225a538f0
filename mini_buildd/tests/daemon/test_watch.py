"""Watching processes: each end wakes once, whether it comes later or was already."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from select import select
from typing import Any

import pytest

from mini_buildd.daemon.watch import ProcessWatch
from mini_buildd.kit.process import ProcessIdentity, identify
from mini_buildd.tests.daemon.test_step import Reactor


class Readers(Reactor):
    """With readers, which are asked when one looks."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[Any] = []

    def addReader(self, reader: object) -> None:  # noqa: N802
        """Take it (IReactorFDSet)."""
        self.readers.append(reader)

    def removeReader(self, reader: object) -> None:  # noqa: N802
        """Let go of it (IReactorFDSet)."""
        self.readers.remove(reader)

    def look(self, seconds: float = 0) -> None:
        """Tell those that are readable."""
        self.turn()
        readable, _, _ = select(list(self.readers), [], [], seconds)
        for reader in readable:
            reader.doRead()


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until its input is closed."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        yield process


def who(child: subprocess.Popen[bytes]) -> ProcessIdentity:
    found = identify(child.pid)
    assert found is not None
    return found


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_end_of_a_process_wakes_once(child: subprocess.Popen[bytes]) -> None:
    reactor, ends = Readers(), []
    watch = ProcessWatch(reactor, lambda: ends.append(1))
    before = descriptors()
    for _ in range(3):
        watch.watch(who(child))
    reactor.look()
    assert len(reactor.readers) == 1
    assert ends == []
    assert child.stdin is not None
    child.stdin.close()
    reactor.look(20)
    reactor.look()
    assert ends == [1]
    assert reactor.readers == []
    assert descriptors() == before - 1, "only the pipe that was closed"


def test_one_that_ended_before_wakes_at_once(child: subprocess.Popen[bytes]) -> None:
    identity = who(child)
    child.kill()
    child.wait()
    reactor, ends = Readers(), []
    ProcessWatch(reactor, lambda: ends.append(1)).watch(identity)
    reactor.look()
    assert ends == [1]


def test_another_process_with_its_number_is_not_taken_for_it(
    child: subprocess.Popen[bytes],
) -> None:
    identity = who(child)
    other = ProcessIdentity(identity.pid, identity.start_ticks - 1, identity.boot_id)
    reactor, ends = Readers(), []
    before = descriptors()
    ProcessWatch(reactor, lambda: ends.append(1)).watch(other)
    reactor.look()
    assert ends == [1]
    assert descriptors() == before


def test_stopping_gives_everything_back(child: subprocess.Popen[bytes]) -> None:
    reactor, ends = Readers(), []
    before = descriptors()
    watch = ProcessWatch(reactor, lambda: ends.append(1))
    watch.watch(who(child))
    reactor.look()
    watch.stop()
    assert (reactor.readers, ends, descriptors()) == ([], [], before)
