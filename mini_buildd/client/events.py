"""Following what happens: the instance's stream of events, over dropped connections and restarts.

Each event has a number; who comes again says the last that came, so none is lost and none comes
twice (WHATWG HTML §9.2, Last-Event-ID).
"""

import time
from collections.abc import Callable, Iterator
from http import HTTPStatus

import msgspec

from mini_buildd.client.connection import Connection, Refused
from mini_buildd.client.tls import Unreachable
from mini_buildd.wire.api.events import Event

# The instance says something at least every fifteen seconds; who hears nothing for longer is cut.
_SILENCE_SECONDS = 50.0
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 30.0
_COMES_AGAIN = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class Following:
    """The events after the number *after* that fit *wanted*; without one, those to come.

    *last* is the number up to which all of them have been told, also those that do not fit.
    """

    def __init__(
        self,
        connection: Connection,
        after: int | None,
        wanted: dict[str, object],
    ) -> None:
        self.last = after
        self._connection = connection
        self._wanted = wanted
        self.pause: Callable[[float], None] = time.sleep
        self._wait = 0.0
        self._was_there = False

    def __iter__(self) -> Iterator[Event]:
        """Each as it happens, without end.

        Raises Unreachable when the instance was never there, and Refused; once it was there, it is
        tried again until it is again.
        """
        while True:
            try:
                yield from self._listen()
            except Unreachable:
                if not self._was_there:
                    raise
            except Refused as refused:
                if not self._was_there or refused.details.status not in _COMES_AGAIN:
                    raise
            self._wait = min(max(_FIRST_WAIT_SECONDS, self._wait * 2), _LONGEST_WAIT_SECONDS)
            self.pause(self._wait)

    def _listen(self) -> Iterator[Event]:
        headers = {"Accept": "text/event-stream"}
        if self.last is not None:
            headers["Last-Event-ID"] = str(self.last)
        number, data = self.last, ""
        lines = self._connection.lines(
            "events/stream", headers, timeout_seconds=_SILENCE_SECONDS, **self._wanted
        )
        for line in lines:
            self._was_there, self._wait = True, 0.0
            name, _, value = line.partition(": ")
            if name == "id" and value.isascii() and value.isdecimal():
                number = int(value)
            elif name == "data":
                data = value
            elif not line:
                # Only a message that is whole counts: what was cut off comes again.
                self.last = number
                if data:
                    yield _event(data)
                data = ""


def _event(data: str) -> Event:
    try:
        return msgspec.json.decode(data, type=Event)
    except msgspec.MsgspecError as error:
        raise Unreachable(f"an event is told otherwise than expected: {error}") from None
