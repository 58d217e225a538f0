"""Reading from a connection, as long as nobody has a reason not to."""

from typing import Any


class Tap:
    """The reading side of *transport*: it is read from once no reason is left."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._reasons: set[str] = set()

    def hold(self, reason: str) -> None:
        """Read nothing more, for that *reason*."""
        self._reasons.add(reason)
        self._transport.pauseProducing()

    def let_go(self, reason: str) -> None:
        """That *reason* is gone."""
        self._reasons.discard(reason)
        if not self._reasons:
            self._transport.resumeProducing()
