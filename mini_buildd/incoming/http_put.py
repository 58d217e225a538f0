"""PUT of one file, as dput and curl send it."""

from http import HTTPStatus

from twisted.python.failure import Failure

from mini_buildd.deb.names import PlainFilename
from mini_buildd.domain import transfer
from mini_buildd.incoming.http_answer import plain
from mini_buildd.incoming.http_door import HttpExchange, no_room
from mini_buildd.incoming.spool import Arrival, SpoolFull


class PutBody:
    """The file *name*, from its first byte to its arrival in the spool."""

    def __init__(self, exchange: HttpExchange, name: PlainFilename) -> None:
        self._exchange = exchange
        self._name = name
        self._is_over = False
        check_whole(exchange)
        check_length(exchange)
        self._part = exchange.works.spool.open_part()
        self._writing = exchange.writing(self._part)

    def write(self, data: bytes) -> None:
        """The next bytes (Body)."""
        self._writing.write(data)

    def end(self) -> None:
        """Make it durable before the client is told that it is done (Body)."""
        self._is_over = True
        self._exchange.brings(self._part.token)
        done = self._writing.then(lambda: self._part.commit(self._name))
        done.addCallbacks(self._arrived, self._not_stored)

    def drop(self) -> None:
        """Forget it, unless it is there to its last byte (Body)."""
        if not self._is_over:
            self._is_over = True
            self._writing.drop(self._part.abort)

    def _arrived(self, arrival: Arrival) -> None:
        del arrival
        self._exchange.works.dock.changed()
        self._exchange.answer(plain(HTTPStatus.CREATED, f"{self._name} is here."))

    def _not_stored(self, failure: Failure) -> None:
        self._is_over = False
        self.drop()
        self._exchange.broken(failure)


def check_whole(exchange: HttpExchange) -> None:
    """Refuse a part of a file: it would be taken for the file (RFC 9110, 14.5)."""
    if found := exchange.request.field("content-range"):
        raise transfer.RequestMalformed(
            expected="the whole file",
            found=f"Content-Range: {found[:80]}",
            hint="Parts of large files can be sent to /api/v1/incoming/.",
        )


def check_length(exchange: HttpExchange) -> None:
    """Refuse what says beforehand that it will not fit."""
    length = exchange.request.field("content-length")
    bound = exchange.works.spool.max_file_bytes
    if length.isdecimal() and int(length) > bound:
        raise no_room(SpoolFull(f"{length} bytes, and {bound} are the most", is_file=True))
