"""Watching processes that are not our children, by pidfd: their end wakes the reactor at once."""

import os
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from mini_buildd.kit.process import ProcessIdentity, open_pidfd


@implementer(IReadDescriptor)
class _Watch:
    """One pidfd in the reactor."""

    def __init__(self, descriptor: int, ended: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._ended = ended

    def fileno(self) -> int:
        """The descriptor (IReadDescriptor)."""
        return self._descriptor

    def doRead(self) -> None:
        """It is readable: the process has ended (IReadDescriptor)."""
        self._ended()

    def connectionLost(self, reason: Failure) -> None:
        """The reactor lets go (IReadDescriptor)."""

    def logPrefix(self) -> str:
        """Its name in logs (IReadDescriptor)."""
        return "process watch"


class ProcessWatch:
    """Calls *ended* once for each watched process that ends."""

    def __init__(self, reactor: Any, ended: Callable[[], None]) -> None:
        self._reactor = reactor
        self._ended = ended
        self._watches: dict[ProcessIdentity, _Watch] = {}

    def watch(self, process: ProcessIdentity) -> None:
        """Watch *process*; from any thread; watching it again changes nothing."""
        self._reactor.callFromThread(self._add, process)

    def stop(self) -> None:
        """Watch nothing any more."""
        for process in list(self._watches):
            self._drop(process)

    def _add(self, process: ProcessIdentity) -> None:
        if process in self._watches:
            return
        descriptor = open_pidfd(process)
        if descriptor is None:
            self._ended()
            return
        watch = _Watch(descriptor, lambda: self._gone(process))
        self._watches[process] = watch
        self._reactor.addReader(watch)

    def _gone(self, process: ProcessIdentity) -> None:
        self._drop(process)
        self._ended()

    def _drop(self, process: ProcessIdentity) -> None:
        watch = self._watches.pop(process)
        self._reactor.removeReader(watch)
        os.close(watch.fileno())
