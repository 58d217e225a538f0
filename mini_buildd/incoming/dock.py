"""What the ways in have in common: where files go, who is connected, how fast it may be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from mini_buildd.deb.names import PlainFilename
from mini_buildd.incoming.rates import Rates
from mini_buildd.incoming.sessions import Sessions
from mini_buildd.incoming.spool import Arrival, Part, Spool
from mini_buildd.incoming.writing import Sender, Writing

# At one go, from a connection that brings files: with Twisted's 64 KiB it takes half as much again.
READ_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Dock:
    """*changed* is called whenever there may be something new in the spool."""

    reactor: Any
    pool: ThreadPool
    spool: Spool
    sessions: Sessions
    rates: Rates
    changed: Callable[[], None]
    idle_seconds: int = 600

    def writing(self, part: Part, sender: Sender, failed: Callable[[Failure], object]) -> Writing:
        """Write to *part* what comes from *sender*."""
        return Writing(part, sender, failed, reactor=self.reactor, pool=self.pool)

    def land(
        self, writing: Writing, part: Part, name: PlainFilename, peer: str
    ) -> Deferred[Arrival]:
        """Make *part*, which *peer* has sent, durable under its *name*; fails with OSError."""
        self.sessions.brings(peer, part.token)
        return writing.then(lambda: part.commit(name)).addCallback(self._landed)

    def _landed(self, arrival: Arrival) -> Arrival:
        self.changed()
        return arrival
