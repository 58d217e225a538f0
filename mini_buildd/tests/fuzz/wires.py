"""Connections in memory, by which a server of ours gets bytes without a network.

The servers are the real ones, and so is the spool that they write to; what is missing is what takes
time: sockets, and other threads.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from OpenSSL import SSL
from twisted.internet import error, reactor
from twisted.internet.address import IPv4Address
from twisted.internet.testing import StringTransport
from twisted.python import log
from twisted.python.failure import Failure

from mini_buildd.deb.names import PlainFilename
from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.rates import Rates
from mini_buildd.incoming.sessions import Sessions
from mini_buildd.incoming.spool import Spool
from mini_buildd.tests.fuzz.target import Wrong

PEER, STRANGER, SERVER = "192.0.2.1", "192.0.2.2", "192.0.2.9"
_reactor: Any = reactor
_log: Any = log


class AtOnce:
    """Does in the caller's thread, at once, what a pool would in another and a reactor later."""

    def callInThread(self, work: Callable[..., object], *args: object, **named: object) -> None:
        """At once (ThreadPool)."""
        work(*args, **named)

    def callInThreadWithCallback(
        self, told: Callable[[bool, Any], object], work: Callable[..., Any], *args: object
    ) -> None:
        """At once, and tell how it went (ThreadPool)."""
        try:
            answer = work(*args)
        except Exception:  # noqa: BLE001  # as a pool does
            told(False, Failure())  # noqa: FBT003  # as it is told
        else:
            told(True, answer)  # noqa: FBT003  # the same

    def callFromThread(self, work: Callable[..., object], *args: object, **named: object) -> None:
        """At once (IReactorFromThreads)."""
        work(*args, **named)

    def callLater(self, seconds: float, work: Callable[..., object], *args: object) -> Any:
        """Never, since the reactor does not run (IReactorTime)."""
        return _reactor.callLater(seconds, work, *args)

    def seconds(self) -> float:
        """The time (IReactorTime)."""
        now: float = _reactor.seconds()
        return now


class _Closed:
    """TLS that its other end has closed."""

    @staticmethod
    def get_shutdown() -> int:
        """As OpenSSL has it."""
        flag: int = SSL.RECEIVED_SHUTDOWN
        return flag


class Wire(StringTransport):
    """One connection of a client, and the *protocol* at its other end."""

    producerPaused = False  # as sockets have it: nothing waits to be sent

    def __init__(self, protocol: Any, peer: str = PEER) -> None:
        super().__init__(
            IPv4Address("TCP", SERVER, 21), IPv4Address("TCP", peer, 40_000), lenient=True
        )
        self.protocol = protocol
        self._waiting: list[bytes] = []
        self._maker: Any = None
        protocol.makeConnection(self)

    def send(self, data: bytes) -> None:
        """From the client; what the server does not want to read now waits."""
        self._waiting.append(data)
        self._hand_over()
        if self.disconnecting:
            self.end()

    def _hand_over(self) -> None:
        """What has come, as long as it is read; and what the server does as soon as it can."""
        _reactor.runUntilCurrent()
        while self._waiting and self.connected and self.producerState == "producing":
            try:
                self.protocol.dataReceived(self._waiting.pop(0))
            except Exception:
                self.end(error.ConnectionLost)  # as a reactor does
                raise
            _reactor.runUntilCurrent()

    def resumeProducing(self) -> None:
        """The server reads on (IPushProducer)."""
        if self.connected:
            super().resumeProducing()

    def end(self, why: type[Exception] = error.ConnectionDone) -> None:
        """The connection is gone; cleanly, unless *why* is something else."""
        if not self.connected:
            return
        if why is error.ConnectionDone:
            self._hand_over()
            if hasattr(self._maker, "is_closed_by_peer"):  # as its last message says
                self._maker._connection = _Closed()
        self.connected = False
        self.protocol.connectionLost(Failure(why()))
        _reactor.runUntilCurrent()

    def startTLS(self, maker: Any, *_: object) -> None:
        """What comes is taken for what TLS has protected (ITLSTransport)."""
        self._maker = maker
        if hasattr(self.protocol, "handshakeCompleted"):
            self.protocol.handshakeCompleted()

    def abortConnection(self) -> None:
        """The server hangs up (IAbortable)."""
        super().abortConnection()
        self.end(error.ConnectionAborted)


@contextmanager
def nothing_logged() -> Iterator[None]:
    """Errors that Twisted catches and logs are errors all the same; timers end with the input."""
    errors: list[str] = []

    def observe(event: dict[str, Any]) -> None:
        if event.get("isError"):
            errors.append(str(_log.textFromEventDict(event)))

    _log.addObserver(observe)
    try:
        yield
    finally:
        _log.removeObserver(observe)
        for call in _reactor.getDelayedCalls():
            call.cancel()
    if errors:
        raise Wrong(f"logged: {errors[0].strip().rpartition(chr(10))[2]}\n{errors[0]}")


class TriedSpool(Spool):
    """A spool in *folder* that is looked at after each input."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, max_file_bytes=1 << 16, max_spool_bytes=1 << 20)

    def demand_sound(self) -> int:
        """Nothing is half there, and all is below its name; gives how many files arrived."""
        if any(self._parts.iterdir()):
            raise Wrong("a part is left, though nobody sends it")
        count = 0
        for folder in self._files.iterdir():
            if PlainFilename(folder.name) != folder.name:
                raise Wrong(f"no plain file name: {folder.name!r}")
            count += sum(path.is_file() for path in folder.iterdir())
            shutil.rmtree(folder)
        self._used_bytes = 0
        return count


def dock_of(at_once: Any, spool: Spool, sessions: Sessions) -> Dock:
    """What the ways in share, with nobody behind it."""
    return Dock(
        reactor=at_once,
        pool=at_once,
        spool=spool,
        sessions=sessions,
        rates=Rates(at_once, 0),
        changed=lambda: None,
    )
