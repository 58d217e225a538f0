"""A file's bytes to a client without passing through this process: sendfile(2).

For the time of the transfer the sender stands as the transport's producer where the HTTP channel
stands otherwise. Twisted would let a pull producer of the channel run at every turn of the reactor;
the transport asks only when the socket takes more. What is not a plain socket (TLS), or a file
system that cannot, gets the bytes in large buffers.
"""

import errno
import fcntl
import logging
import os
import struct
import termios
from typing import Any

from twisted.internet.interfaces import IPullProducer
from twisted.internet.tcp import Server
from zope.interface import implementer

_log = logging.getLogger(__name__)

# At one go; then the reactor looks after the others.
_PIECE_BYTES = 4 << 20
_BUFFER_BYTES = 1 << 20
_STALL_SECONDS = 300.0


@implementer(IPullProducer)
class FileSending:
    """One transfer of the bytes *begin* to *end* (exclusive) of *descriptor*, which it closes."""

    stall_seconds = _STALL_SECONDS

    def __init__(self, request: Any, descriptor: int, begin: int, end: int) -> None:
        self._request = request
        self._channel = request.channel
        self._transport = request.channel.transport
        self._descriptor = descriptor
        self._offset = begin
        self._end = end
        self._is_plain = type(self._transport) is Server and not self._transport.TLS
        self._head_is_out = False
        self._acknowledged = -1
        self._timer: Any = None

    def start(self, head: bytes) -> None:
        """Send *head*, then the bytes; finishes the request."""
        self._timer = self._channel.callLater(self.stall_seconds, self._look)
        self._transport.unregisterProducer()
        # Whether the transport is full is our matter now. A channel that waits for it would take in
        # further requests without end.
        self._channel.resumeProducing()
        self._transport.write(head)
        self._transport.registerProducer(self, False)  # noqa: FBT003  # Twisted's signature

    def resumeProducing(self) -> None:
        """Send the next piece, since everything before has left (IPullProducer)."""
        if not self._head_is_out:
            # This first call comes with the registration, when nothing has left yet.
            self._head_is_out = True
            return
        try:
            sent = self._send()
        except BlockingIOError:
            self._transport.startWriting()
        except OSError as error:
            self._cut(error)
        else:
            self._account(sent)

    def _send(self) -> int:
        left = self._end - self._offset
        if self._is_plain:
            try:
                return os.sendfile(
                    self._transport.fileno(),
                    self._descriptor,
                    self._offset,
                    min(left, _PIECE_BYTES),
                )
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.ENOSYS):
                    raise
                self._is_plain = False
        data = os.pread(self._descriptor, min(left, _BUFFER_BYTES), self._offset)
        self._transport.write(data)
        return len(data)

    def _account(self, sent: int) -> None:
        self._offset += sent
        if not sent:
            self._cut("it has become shorter")
        elif self._offset == self._end:
            self._finish()
        elif self._is_plain:
            self._transport.startWriting()  # so that the transport asks again

    def _finish(self) -> None:
        self.stopProducing()
        self._transport.unregisterProducer()
        self._transport.registerProducer(self._channel, True)  # noqa: FBT003  # as it was
        self._request.finish()

    def _cut(self, why: object) -> None:
        """End the connection: the client sees that bytes are missing, and asks again."""
        _log.info("cut the transfer of %r: %s", self._request.path, why)
        self._transport.abortConnection()

    def stopProducing(self) -> None:
        """There is nothing to send any more, or nobody to send it to (IPullProducer)."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _look(self) -> None:
        """Give up on a client that has taken nothing since the last look."""
        acknowledged = self._offset - self._underway()
        if acknowledged == self._acknowledged:
            self._timer = None
            self._cut("the client takes nothing")
            return
        self._acknowledged = acknowledged
        self._timer = self._channel.callLater(self.stall_seconds, self._look)

    def _underway(self) -> int:
        """Bytes that wait in the kernel: it holds some megabytes, minutes for a slow client."""
        if not self._is_plain:
            return 0
        answer = fcntl.ioctl(self._transport.fileno(), termios.TIOCOUTQ, bytes(4))
        return int(struct.unpack("i", answer)[0])
