"""How fast a peer may send, over all its connections together.

Nothing is dropped: a connection is not read from for as long as it takes, and TCP slows the sender.
"""

from typing import Any, Protocol

# So many peers are remembered before those who may send at full speed again are forgotten.
_MANY = 1000


class Rates:
    """A bucket for each peer, filled at *bytes_per_second*; 0 is no bound. It holds one second."""

    def __init__(self, reactor: Any, bytes_per_second: int) -> None:
        self.reactor = reactor
        self._rate = bytes_per_second
        self._empty_until: dict[str, float] = {}  # by peer: when what it sent is paid for

    def took(self, peer: str, size_bytes: int) -> float:
        """*peer* has sent that much; how many seconds to read nothing more from it."""
        if not self._rate:
            return 0.0
        now: float = self.reactor.seconds()
        if len(self._empty_until) > _MANY:
            self._empty_until = {k: at for k, at in self._empty_until.items() if at > now}
        paid_at = max(self._empty_until.get(peer, 0.0), now - 1.0) + size_bytes / self._rate
        self._empty_until[peer] = paid_at
        return max(0.0, paid_at - now)


class Slowed(Protocol):
    """A connection that can be made to wait."""

    def wait(self) -> None:
        """Read nothing more; that nothing comes is no fault of the other end."""

    def go_on(self) -> None:
        """Read again."""


class Brake:
    """Slows one *connection* of *peer*."""

    def __init__(self, rates: Rates, peer: str, connection: Slowed) -> None:
        self._rates = rates
        self._peer = peer
        self._connection = connection
        self._later: Any = None

    def took(self, size_bytes: int) -> None:
        """That much has come: read on at once, or when it is paid for."""
        wait_seconds = self._rates.took(self._peer, size_bytes)
        if wait_seconds:
            self.release()
            self._connection.wait()
            self._later = self._rates.reactor.callLater(wait_seconds, self._connection.go_on)

    def release(self) -> None:
        """Forget about it: the connection is gone."""
        if self._later is not None and self._later.active():
            self._later.cancel()
