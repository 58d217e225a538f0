"""What the reactor's thread receives is written by itself while that is quick, else by another.

The kernel takes bytes as fast as they come; but once the disk is behind with what it is to write,
it stops whoever writes on, for a second or more. The pages and everybody else's transfers are not
to wait for that. So after a slow write pieces are collected and written in a pool, one job at a
time for each file, until that goes quickly again; when too much waits, the sender is paused.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

# A write into memory takes a ten-thousandth of a second.
_SLOW_SECONDS = 0.01
# Enough that the change of threads costs little beside the writing.
_PIECE_BYTES = 512 << 10
_WAITING_BYTES = 2 << 20

_Result = TypeVar("_Result")


class Sink(Protocol):
    """What can be written to: a part of the spool."""

    def claim(self, more_bytes: int) -> None:
        """Count what is to come; raises SpoolFull."""

    def append(self, pieces: Sequence[bytes | memoryview]) -> None:
        """Write, in whatever thread; raises OSError."""


class Sender(Protocol):
    """Whoever the bytes come from."""

    def pause(self) -> None:
        """Send nothing for a while."""

    def resume(self) -> None:
        """Send again."""


class Writing:
    """The writing of one file; everything but slow work of the disk is in the reactor's thread.

    *failed* is called once, with the fault of the disk.
    """

    def __init__(
        self,
        sink: Sink,
        sender: Sender,
        failed: Callable[[Failure], object],
        *,
        reactor: Any,
        pool: ThreadPool,
    ) -> None:
        self._sink = sink
        self._sender = sender
        self._failed = failed
        self._reactor = reactor
        self._pool = pool
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._is_slow = False
        self._is_paused = False
        self._is_at_work = False
        self._is_over = False
        self._is_dropped = False
        self._last: Callable[[], None] | None = None
        self._hopeful: Deferred[Any] | None = None  # of then(), while the disk may still fail it

    def write(self, data: bytes | memoryview) -> None:
        """Append *data*, now or some time; raises SpoolFull, OSError."""
        if self._is_over:
            return
        self._sink.claim(len(data))
        if not (self._is_slow or self._waiting or self._is_at_work):
            self._is_slow = _is_slow(self._sink, [data])
            return
        self._waiting.append(bytes(data))  # what lies in a buffer of somebody else's is copied
        self._waiting_bytes += len(data)
        if self._waiting_bytes > _WAITING_BYTES and not self._is_paused:
            self._is_paused = True
            self._sender.pause()
        self._go_on()

    def then(self, thd_last: Callable[[], _Result]) -> "Deferred[_Result]":
        """Write what waits, then call *thd_last* in the pool; nothing can be written after it.

        When the disk fails before, that is the answer.
        """
        answer: Deferred[_Result] = Deferred()
        self._hopeful = answer
        self._end(lambda: self._finish(thd_last, answer))
        return answer

    def drop(self, thd_last: Callable[[], None]) -> "Deferred[None]":
        """Forget what waits, then call *thd_last* in the pool."""
        self._waiting, self._waiting_bytes, self._is_dropped = [], 0, True
        answer: Deferred[None] = Deferred()
        self._end(lambda: self._finish(thd_last, answer))
        return answer

    def _finish(self, thd_last: Callable[[], _Result], answer: "Deferred[_Result]") -> None:
        self._hopeful = None
        self._is_at_work = True  # so that drop() comes after it, not beside it
        done = self._in_pool(thd_last)
        done.addBoth(self._finished)
        done.chainDeferred(answer)

    def _finished(self, result: Any) -> Any:
        self._is_at_work = False
        self._go_on()
        return result

    def _end(self, last: Callable[[], None]) -> None:
        self._is_over = True
        self._last = last
        self._go_on()

    def _in_pool(self, thd_work: Callable[[], _Result]) -> "Deferred[_Result]":
        return deferToThreadPool(self._reactor, self._pool, thd_work)

    def _go_on(self) -> None:
        """Write if there is enough to write, or nothing more to come."""
        if self._is_at_work:
            return
        if self._waiting and (
            self._waiting_bytes >= _PIECE_BYTES or self._is_over or not self._is_slow
        ):
            self._is_at_work = True
            pieces, self._waiting, self._waiting_bytes = self._waiting, [], 0
            self._in_pool(lambda: _is_slow(self._sink, pieces)).addCallbacks(
                self._written, self._broken
            )
        elif self._last is not None:
            last, self._last = self._last, None
            last()

    def _written(self, is_slow: bool) -> None:  # noqa: FBT001  # a Deferred's result
        self._is_at_work = False
        self._is_slow = is_slow
        if self._is_paused and self._waiting_bytes <= _WAITING_BYTES:
            self._is_paused = False
            self._sender.resume()
        self._go_on()

    def _broken(self, failure: Failure) -> None:
        """The disk takes no more; who sends is let go on, so that it can be told."""
        self._is_at_work = False
        self._waiting, self._waiting_bytes = [], 0
        if self._is_paused:
            self._is_paused = False
            self._sender.resume()
        if self._is_dropped:
            self._go_on()
            return
        self._last, hopeful, self._hopeful = None, self._hopeful, None
        if hopeful is not None:
            hopeful.errback(failure)
        else:
            self._failed(failure)


def _is_slow(sink: Sink, pieces: Sequence[bytes | memoryview]) -> bool:
    """Write *pieces*; whether that took long."""
    begin = time.monotonic()
    sink.append(pieces)
    return time.monotonic() - begin > _SLOW_SECONDS
