"""Reading many packages from outside at once, each processor doing its part.

The processes that help are started anew (``python -m mini_buildd.archive.read_offers``) and not
forked: ours may have threads, a reactor and a database. They end when their input does, so also
when we are killed.
"""

import os
import queue
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain, islice
from typing import IO, Self

import msgspec

from mini_buildd.archive.offer import Answer, Offer
from mini_buildd.archive.read_offer import read

# For fewer it is not worth while to start processes.
_FEW = 100
_AT_ONCE = 50
_LENGTH_BYTES = 4

_encode = msgspec.msgpack.encode
_offers = msgspec.msgpack.Decoder(list[Offer])
_answers = msgspec.msgpack.Decoder(list[Answer])


def read_all(offers: Iterable[Offer]) -> Iterator[Answer]:
    """The answers to all *offers*, in their order; only few are held at a time."""
    rest = iter(offers)
    first = list(islice(rest, _FEW))
    if len(first) < _FEW:
        yield from map(read, first)
        return
    with ExitStack() as stack:
        helpers = [stack.enter_context(_Helper()) for _ in range(os.cpu_count() or 1)]
        yield from _spread(chain(first, rest), helpers)


def _spread(offers: Iterator[Offer], helpers: Sequence["_Helper"]) -> Iterator[Answer]:
    idle: queue.SimpleQueue[_Helper] = queue.SimpleQueue()
    for helper in helpers:
        idle.put(helper)

    def ask(part: list[Offer]) -> list[Answer]:
        helper = idle.get()
        try:
            return helper.ask(part)
        finally:
            idle.put(helper)

    under_way: deque[Future[list[Answer]]] = deque()
    with ThreadPoolExecutor(len(helpers)) as threads:
        while part := list(islice(offers, _AT_ONCE)):
            under_way.append(threads.submit(ask, part))
            if len(under_way) > 2 * len(helpers):
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()


class _Helper:
    """One process that reads packages."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mini_buildd.archive.read_offers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
        )
        return self

    def ask(self, offers: list[Offer]) -> list[Answer]:
        """Its answers; raises RuntimeError when it has died."""
        if self._process.stdin is None or self._process.stdout is None:  # pragma: no cover
            raise AssertionError
        try:
            _send(self._process.stdin, _encode(offers))
            answer = _receive(self._process.stdout)
        except BrokenPipeError:
            answer = None
        if answer is None:
            raise RuntimeError("a process that reads packages has died")
        return _answers.decode(answer)

    def __exit__(self, *_: object) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait()


def _send(stream: IO[bytes], message: bytes) -> None:
    stream.write(len(message).to_bytes(_LENGTH_BYTES) + message)
    stream.flush()


def _receive(stream: IO[bytes]) -> bytes | None:
    length = stream.read(_LENGTH_BYTES)
    message = stream.read(int.from_bytes(length))
    return message if len(length) == _LENGTH_BYTES else None


def main() -> None:
    """Answer what is asked on the standard input until it ends."""
    while (message := _receive(sys.stdin.buffer)) is not None:
        _send(sys.stdout.buffer, _encode([read(offer) for offer in _offers.decode(message)]))


if __name__ == "__main__":
    main()
